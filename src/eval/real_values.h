// What stored numbers mean.
#pragma once

#include <vector>

#include "base/error.h"
#include "ir/graph.h"

namespace pare {

// The elements of a value that lie at `data` as real numbers: floats as they are, quantised integers by their one scale and zero
// point, other integers as numbers. Fails for scales along an axis.
Expected<std::vector<float>> real_values(const Value& value, const void* data);

}  // namespace pare
