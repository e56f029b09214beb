// What pruning did, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "steps/prune.h"

namespace pare {

struct PruneSummary {
  std::string model, output;
  int64_t source_bytes = 0, output_bytes = 0;
  int64_t source_gzip_bytes = 0, output_gzip_bytes = 0;
};

nlohmann::ordered_json to_json(const PruneResult& result, const PruneSummary& summary);
std::string describe(const PruneResult& result, const PruneSummary& summary);

}  // namespace pare
