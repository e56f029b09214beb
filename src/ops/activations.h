// Activation functions that stand as operators of their own; fused ones are in ops/activation.h.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct LeakyReluAttributes {
  float alpha = 0.01f;  // slope of negative values

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("alpha", self.alpha);
  }
};

struct GeluAttributes {
  bool approximate = false;  // by tanh instead of the error function

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("approximate", self.approximate);
  }
};

// The line that hard_sigmoid cuts off at 0 and 1.
struct HardSigmoidAttributes {
  float alpha = 0.2f, beta = 0.5f;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("alpha", self.alpha);
    visit("beta", self.beta);
  }
};

}  // namespace pare
