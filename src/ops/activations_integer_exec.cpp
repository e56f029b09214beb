#include <algorithm>
#include <numbers>

#include "ops/activations.h"
#include "ops/activations_integer.h"
#include "ops/integer_kernels.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return declines_stored<int8_t, uint8_t, int16_t>(request, 1); }
std::string declines_wide(const KernelRequest& request) { return declines_stored<int8_t, uint8_t>(request, 1); }
std::string declines_all_but_int8(const KernelRequest& request) { return declines_stored<int8_t>(request, 1); }
std::string declines_prelu(const KernelRequest& request) { return declines_stored<int8_t, uint8_t>(request, 2); }

// --- piecewise linear

// Rescaled, then cut off at two real numbers.
template <float lowest, float highest>
Expected<std::unique_ptr<Kernel>> create_clamp(const KernelRequest& request) {
  const TensorType& dst = request.result_type();
  const auto stored = [&](float bound) {
    return zero_point_of(dst) + static_cast<int32_t>(std::round(bound / scale_of(dst)));
  };
  StoredRange range(dst, Activation::None);
  range.lowest = std::max(range.lowest, stored(lowest));
  if (std::isfinite(highest)) range.highest = std::min(range.highest, stored(highest));
  return make_stored_unary(request, [range, multiplier = to_fixed_multiplier(scale_of(request.type(0)) / scale_of(dst)),
                                     zero = zero_point_of(request.type(0))](int32_t x) {
    return range.clamp(multiply(x - zero, multiplier) + range.zero_point);
  });
}

// value * multiplier, where the multiplier may be negative.
int32_t multiply_signed(int32_t value, FixedMultiplier by) {
  return by.multiplier < 0 ? -multiply(value, {-by.multiplier, by.shift}) : multiply(value, by);
}

Expected<std::unique_ptr<Kernel>> create_leaky_relu(const KernelRequest& request) {
  const float src_scale = scale_of(request.type(0)), dst_scale = scale_of(request.result_type());
  const FixedMultiplier positive = to_fixed_multiplier(src_scale / dst_scale),
                        negative = to_fixed_multiplier(src_scale * request.node.attrs<LeakyReluAttributes>().alpha /
                                                       dst_scale);
  return make_stored_unary(request, [=, zero = zero_point_of(request.type(0)),
                                     range = StoredRange(request.result_type(), Activation::None)](int32_t x) {
    const int32_t value = x - zero;
    return range.clamp((value >= 0 ? multiply(value, positive) : multiply_signed(value, negative)) + range.zero_point);
  });
}

class Prelu {
 public:
  explicit Prelu(const KernelRequest& request)
      : zero_(zero_point_of(request.type(0))),
        alpha_zero_(zero_point_of(request.type(1))),
        positive_(to_fixed_multiplier(scale_of(request.type(0)) / scale_of(request.result_type()))),
        negative_(to_fixed_multiplier(scale_of(request.type(0)) * scale_of(request.type(1)) /
                                      scale_of(request.result_type()))),
        range_(request.result_type(), Activation::None) {}
  int32_t operator()(int32_t x, int32_t alpha) const {
    const int32_t value = x - zero_;
    return range_.clamp((value >= 0 ? multiply(value, positive_) : multiply(value * (alpha - alpha_zero_), negative_)) +
                        range_.zero_point);
  }

 private:
  int32_t zero_, alpha_zero_;
  FixedMultiplier positive_, negative_;
  StoredRange range_;
};

// --- hard_swish, in 16-bit fixed-point arithmetic

int16_t saturate(int64_t value) { return static_cast<int16_t>(std::clamp<int64_t>(value, -32768, 32767)); }

// round(a * b / 2^15) and the same rounded towards zero.
int16_t doubling_high_multiply_16(int16_t a, int16_t b) {
  const int32_t product = int32_t{a} * b;
  return saturate((product + (product >= 0 ? 1 << 14 : 1 - (1 << 14))) / (1 << 15));
}
int16_t truncated_high_multiply_16(int16_t a, int16_t b) { return saturate(int32_t{a} * b / (1 << 15)); }

struct ShortMultiplier {
  explicit ShortMultiplier(float real) {
    const FixedMultiplier full = to_fixed_multiplier(real);
    multiplier = full.multiplier >= std::numeric_limits<int32_t>::max() - (1 << 15)
                     ? int16_t{32767}
                     : static_cast<int16_t>((full.multiplier + (1 << 15)) >> 16);
    shift = full.shift;
  }
  int16_t multiplier;
  int shift;
};

std::string declines_hard_swish(const KernelRequest& request) {
  if (std::string reason = declines_wide(request); !reason.empty()) return reason;
  return (1.0f / 128.0f) * scale_of(request.type(0)) / scale_of(request.result_type()) > 1
             ? "the scale of dst is less than a 128th of that of src"
             : "";
}

Expected<std::unique_ptr<Kernel>> create_hard_swish(const KernelRequest& request) {
  constexpr int kFractionBits = 7;  // that src gets, so that most of 16 bits are used
  const float fine_scale = (1.0f / (1 << kFractionBits)) * scale_of(request.type(0));
  const ShortMultiplier to_dst(fine_scale / scale_of(request.result_type())),
      to_unit(fine_scale / (3.0f / 32768.0f));  // 3 becomes 1
  return make_stored_unary(request, [=, zero = zero_point_of(request.type(0)),
                                     range = StoredRange(request.result_type(), Activation::None)](int32_t x) {
    const auto fine = static_cast<int16_t>((x - zero) * (1 << kFractionBits));
    int16_t gate = fine;  // src / 3, cut off at -1 and 1
    if (to_unit.shift > 0) gate = saturate(int64_t{gate} << (to_unit.shift - 1));
    gate = doubling_high_multiply_16(gate, to_unit.multiplier);
    if (to_unit.shift > 0) gate = saturate(int64_t{gate} * 2);
    if (to_unit.shift < 0) gate = static_cast<int16_t>(rounding_shift_right(gate, -to_unit.shift));
    gate = static_cast<int16_t>((gate + (1 << 15)) >> 1);  // from [-1, 1] to [0, 1]
    const int16_t product = truncated_high_multiply_16(gate, doubling_high_multiply_16(fine, to_dst.multiplier));
    return range.clamp(rounding_shift_right(product, -to_dst.shift) + range.zero_point);
  });
}

// --- tabulated functions

Expected<std::unique_ptr<Kernel>> create_elu(const KernelRequest& request) {
  return make_tabulated(request, [](float x) { return x < 0 ? std::expm1(x) : x; });
}

Expected<std::unique_ptr<Kernel>> create_gelu(const KernelRequest& request) {
  if (!request.node.attrs<GeluAttributes>().approximate)
    return make_tabulated(request, [](float x) { return 0.5f * x * std::erfc(x * -std::numbers::sqrt2_v<float> / 2); });
  constexpr float kSlope = std::numbers::inv_sqrtpi_v<float> * std::numbers::sqrt2_v<float>;
  return make_tabulated(request,
                        [](float x) { return 0.5f * x * (1.f + std::tanh(kSlope * (x + 0.044715f * x * x * x))); });
}

// sigmoid(i / 24) * 2^16, raised by half of what linear interpolation falls short of at the middle of the next interval.
std::array<uint32_t, 256> sigmoid_table() {
  std::array<uint32_t, 256> table;
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x / 24)); };
  for (int i = 0; i < 255; ++i) {
    const double shortfall = sigmoid(i + 0.5) - (sigmoid(i) + sigmoid(i + 1)) / 2;
    table[static_cast<size_t>(i)] = static_cast<uint32_t>(std::lround(65536 * (sigmoid(i) + shortfall / 2)));
  }
  table.back() = 65535;
  return table;
}

// For 16 bits both functions read the table of the sigmoid at |src| * 24 * 2^9 (tanh(x) = 2 sigmoid(2 x) - 1).
struct TableScale {
  explicit TableScale(float scale, int largest_exact_shift) {
    const float log = std::log(scale) * (1.0f / std::log(2.0f)), rounded = std::round(log);
    const int exponent = 12 + static_cast<int>(rounded);
    if (std::abs(log - rounded) < 1e-3f && exponent >= 0 && exponent <= largest_exact_shift) {
      multiplier = 3 << exponent;
      return;
    }
    double real = scale * 4096.0 * 3.0;
    for (; real <= 32767.0 / 2.0 && shift <= 30; ++shift) real *= 2;
    multiplier = static_cast<int32_t>(real);
  }
  int32_t operator()(int32_t x) const { return (x * multiplier + (shift > 0 ? 1 << (shift - 1) : 0)) >> shift; }

  int32_t multiplier = 0;
  int shift = 0;
};

Expected<std::unique_ptr<Kernel>> create_logistic(const KernelRequest& request) {
  if (request.dtype() != DType::Int16)
    return make_tabulated(request, [](float x) { return 1.0f / (1.0f + std::exp(-x)); });
  return make_unary<int16_t, int16_t>(
      request, [table = sigmoid_table(), place = TableScale(scale_of(request.type(0)), 0)](int16_t x) {
        const int32_t at = place(x);
        const auto magnitude = static_cast<uint32_t>(std::abs(at)), index = magnitude >> 9;
        uint32_t value = 0x7FFF << 10;
        if (index < 255) value = (table[index] << 9) + (magnitude & 0x1FF) * (table[index + 1] - table[index]);
        value = at >= 0 ? value + (1 << 9) : (1 << 25) - value + (1 << 9) - 1;
        return static_cast<int16_t>(value >> 10);
      });
}

Expected<std::unique_ptr<Kernel>> create_tanh(const KernelRequest& request) {
  if (request.dtype() != DType::Int16) return make_tabulated(request, [](float x) { return std::tanh(x); });
  return make_unary<int16_t, int16_t>(
      request, [table = sigmoid_table(), place = TableScale(scale_of(request.type(0)), 1)](int16_t x) {
        const int32_t at = place(x);
        const auto magnitude = static_cast<uint32_t>(std::abs(at)), index = magnitude >> 8;
        int32_t value = 0xFFFF << 8;
        if (index < 255)
          value = static_cast<int32_t>((table[index] << 8) + (magnitude & 0xFF) * (table[index + 1] - table[index]));
        value = at >= 0 ? value - (1 << 23) + (1 << 7) : -value + (1 << 23) + (1 << 7) - 1;
        return static_cast<int16_t>(value >> 8);
      });
}

constexpr float kInfinity = std::numeric_limits<float>::infinity();

}  // namespace

Implementation integer_relu() { return {"integer", declines, create_clamp<0.f, kInfinity>}; }
Implementation integer_relu6() { return {"integer", declines, create_clamp<0.f, 6.f>}; }
Implementation integer_relu_n1_to_1() { return {"integer", declines_wide, create_clamp<-1.f, 1.f>}; }
Implementation integer_relu_0_to_1() { return {"integer", declines_wide, create_clamp<0.f, 1.f>}; }
Implementation integer_leaky_relu() { return {"integer", declines, create_leaky_relu}; }
Implementation integer_prelu() { return {"integer", declines_prelu, create_stored_binary<Prelu>}; }
Implementation integer_elu() { return {"integer", declines_all_but_int8, create_elu}; }
Implementation integer_hard_swish() { return {"integer", declines_hard_swish, create_hard_swish}; }
Implementation integer_logistic() { return {"integer", declines, create_logistic}; }
Implementation integer_tanh() { return {"integer", declines, create_tanh}; }
Implementation integer_gelu() { return {"integer", declines, create_gelu}; }

}  // namespace pare
