// Slices along an axis of a row-major tensor.
#pragma once

#include <cstddef>

#include "base/shape.h"

namespace pare {

// Calls visit(channel, first, count) for each run of elements that lie together and belong to one slice along `axis`. A scalar is
// one slice. Negative axes count from the back.
template <class Visit>
void for_each_run(const Shape& shape, int axis, Visit&& visit) {
  const int at = axis < 0 ? axis + shape.rank() : axis;
  const auto channels = shape.rank() == 0 ? size_t{1} : static_cast<size_t>(shape[at]);
  const auto inner = shape.rank() == 0 ? size_t{1} : static_cast<size_t>(shape.elements(at + 1, shape.rank()));
  const auto total = static_cast<size_t>(shape.elements());
  for (size_t first = 0, channel = 0; first < total; first += inner) {
    visit(channel, first, inner);
    if (++channel == channels) channel = 0;
  }
}

}  // namespace pare
