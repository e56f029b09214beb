// Dropout, and the random masks that it becomes in training.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct DropoutAttributes {
  float rate = 0.5f;         // share of the elements that training sets to zero
  bool per_channel = false;  // channels of a sample as a whole

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("rate", self.rate);
    visit("per_channel", self.per_channel);
  }
};

struct RandomMaskAttributes {
  std::vector<int64_t> shape;
  float rate = 0.5f;  // share of zeros
  int64_t seed = 0;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("shape", self.shape);
    visit("rate", self.rate);
    visit("seed", self.seed);
  }
};

}  // namespace pare
