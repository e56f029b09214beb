// Operators that join tensors along a dimension and take them apart.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct ConcatenationAttributes {
  int64_t axis = 0;
  Activation activation = Activation::None;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("axis", self.axis);
    visit("activation", self.activation);
  }
};

struct PackAttributes {
  int64_t values_count = 1;
  int64_t axis = 0;  // of the new dimension in dst

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("values_count", self.values_count);
    visit("axis", self.axis);
  }
};

struct UnpackAttributes {
  int64_t num = 1;
  int64_t axis = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("num", self.num);
    visit("axis", self.axis);
  }
};

// split, split_v
struct SplitAttributes {
  int64_t num_splits = 1;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("num_splits", self.num_splits);
  }
};

}  // namespace pare
