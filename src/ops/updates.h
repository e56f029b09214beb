// What an optimiser does to a weight in one step. Results may lie in the memory of the operands that they replace.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct SgdAttributes {
  float momentum = 0;
  bool nesterov = false;
  float decay = 0;  // of the weights, decoupled from the gradient

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("momentum", self.momentum);
    visit("nesterov", self.nesterov);
    visit("decay", self.decay);
  }
};

struct AdamAttributes {
  float beta_1 = 0.9f, beta_2 = 0.999f;
  float epsilon = 1e-7f;
  float decay = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("beta_1", self.beta_1);
    visit("beta_2", self.beta_2);
    visit("epsilon", self.epsilon);
    visit("decay", self.decay);
  }
};

struct RmspropAttributes {
  float rho = 0.9f;
  float momentum = 0;
  float epsilon = 1e-7f;
  float decay = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("rho", self.rho);
    visit("momentum", self.momentum);
    visit("epsilon", self.epsilon);
    visit("decay", self.decay);
  }
};

struct MovingAverageAttributes {
  float momentum = 0.99f;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("momentum", self.momentum);
  }
};

}  // namespace pare
