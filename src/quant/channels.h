// Which slice along an axis an element of a row-major tensor belongs to.
#pragma once

#include "base/shape.h"

namespace pare {

class ChannelIndex {
 public:
  // A scalar is one slice. Negative axes count from the back.
  ChannelIndex(const Shape& shape, int axis) {
    if (shape.rank() == 0) return;
    const int at = axis < 0 ? axis + shape.rank() : axis;
    count_ = static_cast<size_t>(shape[at]);
    inner_ = static_cast<size_t>(shape.elements(at + 1, shape.rank()));
  }

  size_t operator()(size_t element) const { return element / inner_ % count_; }
  size_t count() const { return count_; }
  size_t inner() const { return inner_; }

 private:
  size_t count_ = 1, inner_ = 1;
};

}  // namespace pare
