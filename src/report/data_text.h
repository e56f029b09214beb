// Data sets as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/describe.h"

namespace pare {

nlohmann::ordered_json to_json(const DataSet& set, const std::vector<SplitSummary>& splits);
// The splits that a description divides a data set into.
std::string describe(const Description& description, const std::string& path);
std::string describe(const DataSet& set, const std::vector<SplitSummary>& splits);

}  // namespace pare
