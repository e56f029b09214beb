// Operators about types and shapes, and those that make tensors from them.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct CastAttributes {
  DType out_data_type = DType::Float32;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("out_data_type", self.out_data_type);
  }
};

struct ShapeAttributes {
  DType out_type = DType::Int32;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("out_type", self.out_type);
  }
};

}  // namespace pare
