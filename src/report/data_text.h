// Data sets as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/describe.h"

namespace pare {

nlohmann::ordered_json to_json(const DataSet& set, const std::vector<SplitSummary>& splits);
std::string describe(const DataSet& set, const std::vector<SplitSummary>& splits);

}  // namespace pare
