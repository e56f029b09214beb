// Normalisations: to unit length, and to zero mean and unit variance over given statistics, over dimensions, over groups of channels.
#pragma once

#include "ir/attributes.h"

namespace pare {

struct L2NormalizationAttributes {
  Activation activation = Activation::None;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("activation", self.activation);
  }
};

struct BatchNormalizationAttributes {
  float epsilon = 1e-3f;  // added to the variance

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("epsilon", self.epsilon);
  }
};

struct LayerNormalizationAttributes {
  int64_t axis = -1;  // statistics are taken over the dimensions from this one to the last
  float epsilon = 1e-3f;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("axis", self.axis);
    visit("epsilon", self.epsilon);
  }
};

struct GroupNormalizationAttributes {
  int64_t groups = 1;  // of neighbouring channels; divides the last extent
  float epsilon = 1e-3f;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("groups", self.groups);
    visit("epsilon", self.epsilon);
  }
};

}  // namespace pare
