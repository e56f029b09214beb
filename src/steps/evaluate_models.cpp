#include "steps/evaluate_models.h"

#include "steps/samples.h"

namespace pare {
namespace {

Expected<ModelEvaluation> evaluate_model(const NamedModel& named, const DataView& view,
                                         const EvaluateModelsOptions& options) {
  ModelEvaluation result;
  result.model = named.path;
  const Graph& graph = named.model.main();
  PARE_ASSIGN(const SampleSource source, source_for(graph, view));
  PARE_ASSIGN(result.evaluation, evaluate(graph, source, view, options.evaluate));
  PARE_ASSIGN(result.size, measure_file_size(named.path));
  if (options.latency) { PARE_ASSIGN(result.latency, measure_latency(graph, {.engine = options.evaluate.engine})); }
  return result;
}

}  // namespace

Expected<std::vector<ModelEvaluation>> evaluate_models(const std::vector<NamedModel>& models, const DataView& view,
                                                       const EvaluateModelsOptions& options) {
  std::vector<ModelEvaluation> results;
  for (const NamedModel& named : models) {
    PARE_ASSIGN_IN(ModelEvaluation result, evaluate_model(named, view, options), named.path);
    if (!results.empty() && results[0].evaluation.classification && result.evaluation.classification) {
      const Classification &first = *results[0].evaluation.classification, &second = *result.evaluation.classification;
      result.against_first = compare_paired(first.right, second.right);
      result.agreement_with_first = agreement(first.predicted, second.predicted);
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace pare
