// Operators that give the same elements another shape.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct ReshapeAttributes {
  std::vector<int64_t> new_shape;  // used where the operand is absent; one extent may be -1, what remains

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("new_shape", self.new_shape);
  }
};

struct SqueezeAttributes {
  std::vector<int64_t> squeeze_dims;  // empty: every dimension of extent 1

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("squeeze_dims", self.squeeze_dims);
  }
};

}  // namespace pare
