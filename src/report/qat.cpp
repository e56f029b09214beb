#include "report/qat.h"

#include <map>
#include <nlohmann/json.hpp>

#include "report/quantization.h"
#include "report/training.h"

namespace pare {
namespace {

QuantizeSummary part_of(const QatSummary& summary, int64_t samples) {
  return {summary.model, summary.output, samples, summary.source_bytes, summary.output_bytes, {}, summary.kept};
}

}  // namespace

nlohmann::ordered_json to_json(const QatResult& result, const QatSummary& summary) {
  nlohmann::ordered_json json = to_json(result.quantized, part_of(summary, result.calibration_samples));
  if (!summary.form.empty()) json["form"] = summary.form;
  json["training"] = to_json(result.training, summary.model, summary.output);
  return json;
}

std::string describe(const QatResult& result, const QatSummary& summary) {
  std::string text = describe_course(result.training) + "\n" +
                     describe(result.quantized, part_of(summary, result.calibration_samples), false);
  if (!summary.form.empty()) text += fmt::format("The training form was written to {}\n", summary.form);
  return text;
}

}  // namespace pare
