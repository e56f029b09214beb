// Operators that read or write at places given by indices.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct GatherAttributes {
  int64_t axis = 0;
  int64_t batch_dims = 0;  // leading dimensions that src and indices share

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("axis", self.axis);
    visit("batch_dims", self.batch_dims);
  }
};

struct OneHotAttributes {
  int64_t axis = -1;  // of the new dimension in dst

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("axis", self.axis);
  }
};

}  // namespace pare
