// Writes .pare files, which keep everything that a model has: all graphs with their constants, signatures, metadata, extras, and what a
// Keras file needs to be written again.
#pragma once

#include <cstddef>
#include <vector>

#include "base/error.h"
#include "ir/model.h"

namespace pare {

// The same model gives the same bytes. Unsupported for names that are not UTF-8.
Expected<std::vector<std::byte>> write_pare(const Model& model);

}  // namespace pare
