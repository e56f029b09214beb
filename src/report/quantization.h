// What quantisation did and why, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/structure_in_file.h"

#include "steps/convert.h"
#include "steps/quantize.h"

namespace pare {

// A quantisation as a command sees it: what was read, what was written.
struct QuantizeSummary {
  std::string model, output;
  int64_t samples = 0;  // looked at
  int64_t source_bytes = 0, output_bytes = 0;
  std::vector<std::string> unmatched_patterns = {};  // names to include or exclude that no operator has
  std::vector<KeptWeights> kept = {};                // in the output
};

nlohmann::ordered_json to_json(const QuantizeResult& result, const QuantizeSummary& summary);
// `explain`: with one line a node, its precision, the reason, and what would change it.
std::string describe(const QuantizeResult& result, const QuantizeSummary& summary, bool explain);

nlohmann::ordered_json to_json(const ConvertResult& result, const std::string& model, const std::string& output);
std::string describe(const ConvertResult& result, const std::string& output);

}  // namespace pare
