// Arithmetic of two tensors, element by element.
#pragma once

#include "ir/attributes.h"

namespace pare {

// add, sub
struct AddAttributes {
  Activation activation = Activation::None;
  bool pot_scale_int16 = true;  // 16-bit operands whose scales are powers of two are added by shifting alone

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("activation", self.activation);
    visit("pot_scale_int16", self.pot_scale_int16);
  }
};

// mul, div
struct MulAttributes {
  Activation activation = Activation::None;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("activation", self.activation);
  }
};

}  // namespace pare
