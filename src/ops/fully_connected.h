// Dense layer: product with a weight matrix.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct FullyConnectedAttributes {
  Activation activation = Activation::None;
  bool keep_num_dims = false;  // the result keeps all dimensions of src but the last; else it is a matrix
  // Float src with int8 weights: src is quantised at run time with a zero point (else symmetrically).
  bool asymmetric_quantize_inputs = false;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("activation", self.activation);
    visit("keep_num_dims", self.keep_num_dims);
    visit("asymmetric_quantize_inputs", self.asymmetric_quantize_inputs);
  }
};

}  // namespace pare
