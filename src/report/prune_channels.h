// What structured pruning did, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/file_sizes.h"
#include "steps/prune_channels.h"

namespace pare {

// A line for between a removal and the training behind it.
std::string describe_removal(const NarrowedLayer& whole);
nlohmann::ordered_json to_json(const PruneChannelsResult& result, const FileSizes& sizes);
// `explain`: with the layers whose channels had to stay, and why.
std::string describe(const PruneChannelsResult& result, const FileSizes& sizes, bool explain);

}  // namespace pare
