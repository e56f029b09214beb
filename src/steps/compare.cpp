#include "steps/compare.h"

#include "ir/diff.h"
#include "steps/samples.h"

namespace pare {

Expected<CompareResult> compare_models(const NamedModel& first, const NamedModel& second, const DataView& view,
                                       const CompareOptions& options) {
  const Graph &before = first.model.main(), &after = second.model.main();
  const DataView few = view.first(options.tensor_samples);
  PARE_ASSIGN_IN(const SampleSource first_source, source_for(before, few), first.path);
  PARE_ASSIGN_IN(const SampleSource second_source, source_for(after, few), second.path);
  CompareResult result;
  PARE_ASSIGN(result.tensors, compare_tensors({before, first_source, options.engine},
                                              {after, second_source, options.engine}, options.threads));
  result.graph_difference = diff(before, after);
  if (view.target() == TargetKind::None) return result;
  const EvaluateModelsOptions evaluation{.evaluate = {.engine = options.engine, .threads = options.threads}};
  std::vector<NamedModel> models;
  for (const NamedModel* named : {&first, &second}) models.push_back({named->path, named->model.clone()});
  PARE_ASSIGN(result.evaluations, evaluate_models(models, view, evaluation));
  return result;
}

}  // namespace pare
