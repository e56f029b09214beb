// What stored numbers mean.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "ir/graph.h"

namespace pare {

// The elements of a value that lie at `data` as real numbers: floats as they are, quantised integers by their one scale and zero
// point, other integers as numbers. Fails for scales along an axis.
Expected<std::vector<float>> real_values(const Value& value, const void* data);

// Real numbers as the integers that a quantised input stores; everything else stays as it is.
Tensor stored_as(const TensorType& type, Tensor tensor);

}  // namespace pare
