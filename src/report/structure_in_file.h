// Zeros and few values as they are in a written file, as text and JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "steps/structure_in_file.h"

namespace pare {

// The member "kept" of a document, where there is something to say.
void add_kept(const std::vector<KeptWeights>& kept, nlohmann::ordered_json& json);
// Nothing where nothing was to be kept.
std::string describe(const std::vector<KeptWeights>& kept, const std::string& file);

}  // namespace pare
