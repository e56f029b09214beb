#include "steps/convert.h"

#include "engine/evaluate.h"
#include "formats/formats.h"

namespace pare {

Expected<ConvertResult> convert(const Model& model, const std::filesystem::path& output,
                                const ConvertOptions& options) {
  PARE_TRY(check_writable(output));
  ConvertResult result{model.clone(), {}};
  if (model.source_format == "tflite" && !options.optimize) return result;
  for (Graph& graph : result.model.graphs) {
    PARE_ASSIGN(std::vector<PassRecord> records, run_pipeline(graph, Pipeline::ForTflite, evaluate, options.pipeline));
    result.passes.insert(result.passes.end(), records.begin(), records.end());
  }
  return result;
}

}  // namespace pare
