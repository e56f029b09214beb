// Derivatives of functions of one real number: what the backward passes of element-wise operators and activations have in common.
#pragma once

#include <optional>
#include <string>

#include "ir/attributes.h"

namespace pare {

struct UnaryBackwardAttributes {
  std::string of = "relu";    // the operator whose derivative it is
  float alpha = 0, beta = 0;  // of that operator, where it has them
  bool approximate = false;   // gelu

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("of", self.of);
    visit("alpha", self.alpha);
    visit("beta", self.beta);
    visit("approximate", self.approximate);
  }
};

// What the derivative is computed from: the function's result where that suffices, so that its argument need not be kept.
enum class DerivativeOf { Argument, Result };

// A derivative as a function of the argument or the result.
struct Derivative {
  DerivativeOf from;
  float (*value)(float x, const UnaryBackwardAttributes& attributes);
};

// Of an operator by its name; nothing for one that is not a function of one number.
std::optional<Derivative> derivative_of(std::string_view op_name);

}  // namespace pare
