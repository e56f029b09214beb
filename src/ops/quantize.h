// Conversion to quantised integers. The parameters are those of the result's type.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct QuantizeAttributes {
  DType dtype = DType::Int8;  // storage type of the result

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("dtype", self.dtype);
  }
};

}  // namespace pare
