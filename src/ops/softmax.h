// Softmax and its logarithm over the last dimension.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct SoftmaxAttributes {
  float beta = 1;  // factor of the exponent

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("beta", self.beta);
  }
};

}  // namespace pare
