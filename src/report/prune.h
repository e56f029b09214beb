// What pruning did, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/file_sizes.h"
#include "steps/prune.h"

namespace pare {

nlohmann::ordered_json to_json(const PruneResult& result, const FileSizes& sizes);
std::string describe(const PruneResult& result, const FileSizes& sizes);

}  // namespace pare
