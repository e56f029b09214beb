// What quantisation-aware training did, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/structure_in_file.h"
#include "steps/qat.h"

namespace pare {

struct QatSummary {
  std::string model, output, form;  // files; the last may be empty
  int64_t source_bytes = 0, output_bytes = 0;
  std::vector<KeptWeights> kept = {};  // in the output
};

nlohmann::ordered_json to_json(const QatResult& result, const QatSummary& summary);
std::string describe(const QatResult& result, const QatSummary& summary);

}  // namespace pare
