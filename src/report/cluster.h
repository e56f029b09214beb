// What clustering did, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/file_sizes.h"
#include "steps/cluster.h"

namespace pare {

nlohmann::ordered_json to_json(const ClusterResult& result, const FileSizes& sizes);
std::string describe(const ClusterResult& result, const FileSizes& sizes);

}  // namespace pare
