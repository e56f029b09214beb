// Batch normalisation as it is trained: by the statistics of the batch, or by fixed ones.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct BatchNormalizationTrainingAttributes {
  float epsilon = 1e-3f;                     // added to the variance
  Activation activation = Activation::None;  // relu or relu6 behind it
  bool fixed = false;                        // by given statistics, which no gradient reaches

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("epsilon", self.epsilon);
    visit("activation", self.activation);
    visit("fixed", self.fixed);
  }
};

}  // namespace pare
