#include "steps/convert.h"

#include "engine/evaluate.h"
#include "formats/formats.h"
#include "passes/passes.h"
#include "train/fake_quantization.h"

namespace pare {

Expected<void> check_convertible(const std::filesystem::path& output, const ConvertOptions& options) {
  PARE_TRY(check_writable(output));
  PARE_ASSIGN(const FileFormat format, format_of(output));
  if (format == FileFormat::Tflite || format == FileFormat::Pare || !options.optimize) return {};
  return Failure(Error{ErrorCode::Usage,
                       "a Keras file takes a network as it was read, neither quantised nor optimised; write .tflite",
                       output.string(), nullptr});
}

Expected<ConvertResult> convert(const Model& model, const std::filesystem::path& output,
                                const ConvertOptions& options) {
  PARE_TRY(check_convertible(output, options));
  PARE_TRY(check_writable(model, output));
  ConvertResult result{model.clone(), {}};
  PARE_ASSIGN(const FileFormat format, format_of(output));
  if (format != FileFormat::Pare && is_training_form(model.main()))
    return unsupported("the network has fake_quantize in it, for training; `pare quantize` makes its integers");
  if (format != FileFormat::Pare)
    for (Graph& graph : result.model.graphs) PARE_TRY(apply_weight_transforms(graph, evaluate));
  const bool same_form = format != FileFormat::Tflite || model.source_format == "tflite";
  if (same_form && !options.optimize) return result;
  for (Graph& graph : result.model.graphs) {
    PARE_ASSIGN(std::vector<PassRecord> records, run_pipeline(graph, Pipeline::ForTflite, evaluate, options.pipeline));
    result.passes.insert(result.passes.end(), records.begin(), records.end());
  }
  return result;
}

}  // namespace pare
