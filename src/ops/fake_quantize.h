// Rounding to the numbers that quantised storage can hold, in float: what quantisation-aware training trains through.
#pragma once

#include <cstdint>

#include "ir/attributes.h"

namespace pare {

// What the step between two numbers learns from in training.
enum class StepRule {
  Fixed,    // it does not
  Learned,  // rounding errors and what is clipped: Esser et al. (2020)
  Clip,     // what is clipped alone: Choi et al. (2018)
};
template <>
struct EnumNames<StepRule> {
  static constexpr std::array<std::string_view, 3> names{"fixed", "learned", "clip"};
};

struct FakeQuantizeAttributes {
  int64_t bits = 8;
  // Codes +-(2^(bits - 1) - 1) around 0, for weights; otherwise 0 to 2^bits - 1, for activations.
  bool symmetric = false;
  int64_t axis = 0;  // along which there is a scale for each slice, where there are several
  StepRule step = StepRule::Fixed;
  // Of the codes as they are stored (these less 128 where not symmetric) halves go away from 0, as in integer means; else to even.
  bool halves_away = false;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("bits", self.bits);
    visit("symmetric", self.symmetric);
    visit("axis", self.axis);
    visit("step", self.step);
    visit("halves_away", self.halves_away);
  }
};

struct RangeParametersAttributes {
  int64_t bits = 8;
  bool symmetric = false;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("bits", self.bits);
    visit("symmetric", self.symmetric);
  }
};

// The codes, without the zero point.
struct FakeCodes {
  float lowest, highest;
};
FakeCodes fake_codes(int64_t bits, bool symmetric);

// Parts of src that fake_quantize_backward sums apart, so that threads can share them and the sum does not hang on their number.
inline constexpr int64_t kFakeQuantizeParts = 16;

}  // namespace pare
