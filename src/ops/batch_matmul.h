// Products of matrices, one for each batch position.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct BatchMatmulAttributes {
  bool adj_x = false, adj_y = false;  // the operand's last two dimensions are swapped first
  // Float x with int8 y: x is quantised at run time with a zero point (else symmetrically).
  bool asymmetric_quantize_inputs = false;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("adj_x", self.adj_x);
    visit("adj_y", self.adj_y);
    visit("asymmetric_quantize_inputs", self.asymmetric_quantize_inputs);
  }
};

}  // namespace pare
