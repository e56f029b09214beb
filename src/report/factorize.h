// What low-rank factorisation did, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "steps/factorize.h"

namespace pare {

struct FactorizeSummary {
  std::string model, output;
  int64_t samples = 0;
  int64_t source_bytes = 0, output_bytes = 0;
};

nlohmann::ordered_json to_json(const FactorizeResult& result, const FactorizeSummary& summary);
std::string describe(const FactorizeResult& result, const FactorizeSummary& summary);

}  // namespace pare
