// Slices of a tensor that have a parameter each, such as a scale.
#pragma once

#include "base/shape.h"

namespace pare {

// Where they lie: `outer` times, for each slice, `inner` neighbours.
struct Slices {
  int64_t outer = 1, count = 1, inner;

  // One parameter is for all of the tensor.
  Slices(const Shape& shape, int64_t axis, int64_t parameters) : inner(shape.elements()) {
    if (parameters == 1) return;
    const int at = static_cast<int>(axis);
    outer = shape.elements(0, at);
    count = parameters;
    inner = shape.elements(at + 1, shape.rank());
  }
};

}  // namespace pare
