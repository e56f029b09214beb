#include <algorithm>
#include <bit>

#include "engine/fixed_point_functions.h"
#include "ops/elementwise_binary.h"
#include "ops/elementwise_integer.h"
#include "ops/integer_kernels.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return declines_stored<int8_t, uint8_t, int16_t>(request, 2); }

// Brings two operands to one scale, twice the larger of theirs, with `left_shift` fractional bits.
class CommonScale {
 public:
  CommonScale(const KernelRequest& request, int left_shift)
      : twice_larger(2 * std::max(scale_of(request.type(0)), scale_of(request.type(1)))),
        left_shift_(left_shift),
        x_zero_(zero_point_of(request.type(0))),
        y_zero_(zero_point_of(request.type(1))),
        x_multiplier_(to_fixed_multiplier(scale_of(request.type(0)) / twice_larger)),
        y_multiplier_(to_fixed_multiplier(scale_of(request.type(1)) / twice_larger)) {}

  int32_t x(int32_t stored) const { return multiply((stored - x_zero_) * (1 << left_shift_), x_multiplier_); }
  int32_t y(int32_t stored) const { return multiply((stored - y_zero_) * (1 << left_shift_), y_multiplier_); }

  double twice_larger;

 private:
  int left_shift_;
  int32_t x_zero_, y_zero_;
  FixedMultiplier x_multiplier_, y_multiplier_;
};

// Exponent of a power of two, to within a thousandth; the tolerance is TFLite's.
std::optional<int> exact_log2(float scale) {
  const float log = std::log(scale) * (1.0f / std::log(2.0f)), rounded = std::round(log);
  return std::abs(log - rounded) < 1e-3f ? std::optional(static_cast<int>(rounded)) : std::nullopt;
}

// 16-bit operands whose scales are powers of two, one of them that of the result: shifts suffice.
struct Shifts {
  int x, y;
};  // to the right
std::optional<Shifts> shifts_alone(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<AddAttributes>();
  if (request.dtype() != DType::Int16 || !attributes.pot_scale_int16) return std::nullopt;
  for (const TensorType* type : {&request.type(0), &request.type(1), &request.result_type()})
    if (zero_point_of(*type) != 0) return std::nullopt;
  const auto x = exact_log2(scale_of(request.type(0))), y = exact_log2(scale_of(request.type(1))),
             dst = exact_log2(scale_of(request.result_type()));
  if (!x || !y || !dst || *x > *dst || *y > *dst || (*x != *dst && *y != *dst)) return std::nullopt;
  return Shifts{*dst - *x, *dst - *y};
}

template <int sign>
class Sum {
 public:
  explicit Sum(const KernelRequest& request)
      : left_shift_(request.dtype() == DType::Int16 ? 15 : 20),
        common_(request, left_shift_),
        dst_multiplier_(
            to_fixed_multiplier(common_.twice_larger / static_cast<double>(static_cast<float>(1 << left_shift_) *
                                                                           scale_of(request.result_type())))),
        range_(request.result_type(), request.node.attrs<AddAttributes>().activation) {}
  int32_t operator()(int32_t x, int32_t y) const {
    return range_.clamp(multiply(common_.x(x) + sign * common_.y(y), dst_multiplier_) + range_.zero_point);
  }

 private:
  int left_shift_;
  CommonScale common_;
  FixedMultiplier dst_multiplier_;
  StoredRange range_;
};

template <int sign>
Expected<std::unique_ptr<Kernel>> create_sum(const KernelRequest& request) {
  const std::optional<Shifts> shifts = shifts_alone(request);
  if (!shifts) return create_stored_binary<Sum<sign>>(request);
  const StoredRange range(request.result_type(), request.node.attrs<AddAttributes>().activation);
  return make_binary<int16_t, int16_t>(request, [shifts = *shifts, range](int16_t x, int16_t y) {
    return static_cast<int16_t>(
        range.clamp(rounding_shift_right(x, shifts.x) + sign * rounding_shift_right(y, shifts.y)));
  });
}

class Product {
 public:
  explicit Product(const KernelRequest& request)
      : x_zero_(zero_point_of(request.type(0))),
        y_zero_(zero_point_of(request.type(1))),
        multiplier_(to_fixed_multiplier(scale_of(request.type(0)) * scale_of(request.type(1)) /
                                        scale_of(request.result_type()))),
        range_(request.result_type(), request.node.attrs<MulAttributes>().activation) {}
  int32_t operator()(int32_t x, int32_t y) const {
    return range_.clamp(multiply((x - x_zero_) * (y - y_zero_), multiplier_) + range_.zero_point);
  }

 private:
  int32_t x_zero_, y_zero_;
  FixedMultiplier multiplier_;
  StoredRange range_;
};

// x times the reciprocal of y, each with as many significant bits as fit. A divisor of zero, which TFLite refuses, gives the
// largest magnitude.
class Quotient {
 public:
  explicit Quotient(const KernelRequest& request)
      : x_zero_(zero_point_of(request.type(0))),
        y_zero_(zero_point_of(request.type(1))),
        multiplier_(to_fixed_multiplier(scale_of(request.type(0)) /
                                        (scale_of(request.type(1)) * scale_of(request.result_type())))),
        range_(request.result_type(), request.node.attrs<MulAttributes>().activation) {}
  int32_t operator()(int32_t stored_x, int32_t stored_y) const {
    int32_t x = stored_x - x_zero_, y = stored_y - y_zero_;
    if (y == 0) return x == 0 ? range_.clamp(range_.zero_point) : x > 0 ? range_.highest : range_.lowest;
    if (y < 0) {
      x = -x;
      y = -y;
    }
    const Reciprocal inverse = reciprocal(Fixed<12>{y});
    constexpr int kFractionBits = 31 - 12;  // y is an integer, not a number with 12 bits before the point
    const int headroom = std::countl_zero(static_cast<uint32_t>(x < 0 ? ~x : x)) - 1;
    const int32_t quotient =
        doubling_high_multiply(static_cast<int32_t>(static_cast<uint32_t>(x) << headroom), inverse.mantissa.raw);
    const int shift = multiplier_.shift - (inverse.exponent + kFractionBits) - headroom;
    return range_.clamp(scaled(quotient, shift) + range_.zero_point);
  }

 private:
  // Numerators of 0 and -1 leave so much headroom that the shift may exceed 31 bits, for which C++ has no meaning. What LiteRT gives
  // there on x86 counts: the processor takes the shift modulo 32, and the rounding adds 1 to all but negative numbers.
  int32_t scaled(int32_t quotient, int shift) const {
    if (shift >= -31) return multiply(quotient, {multiplier_.multiplier, shift});
    const int32_t product = doubling_high_multiply(quotient, multiplier_.multiplier);
    return (product >> (-shift & 31)) + (product >= 0 ? 1 : 0);
  }

  int32_t x_zero_, y_zero_;
  FixedMultiplier multiplier_;
  StoredRange range_;
};

class SquaredDifference {
 public:
  explicit SquaredDifference(const KernelRequest& request)
      : common_(request, kLeftShift),
        multiplier_(to_fixed_multiplier(
            common_.twice_larger * common_.twice_larger /
            static_cast<double>(static_cast<float>(1 << 2 * kLeftShift) * scale_of(request.result_type())))),
        range_(request.result_type(), Activation::None) {}
  int32_t operator()(int32_t x, int32_t y) const {
    const int32_t difference = common_.x(x) - common_.y(y);
    return range_.clamp(multiply(difference * difference, multiplier_) + range_.zero_point);
  }

 private:
  static constexpr int kLeftShift = 7;
  CommonScale common_;
  FixedMultiplier multiplier_;
  StoredRange range_;
};

std::string declines_squared_difference(const KernelRequest& request) { return declines_stored<int8_t>(request, 2); }

std::string declines_extremum(const KernelRequest& request) {
  const auto& common = request.result_type().quantization;
  if (request.type(0).quantization != common || request.type(1).quantization != common)
    return "operands and result have different scales";
  return declines(request);
}

struct Larger {
  explicit Larger(const KernelRequest&) {}
  int32_t operator()(int32_t x, int32_t y) const { return std::max(x, y); }
};
struct Smaller {
  explicit Smaller(const KernelRequest&) {}
  int32_t operator()(int32_t x, int32_t y) const { return std::min(x, y); }
};

}  // namespace

Implementation integer_add() { return {"integer", declines, create_sum<1>}; }
Implementation integer_sub() { return {"integer", declines, create_sum<-1>}; }
Implementation integer_mul() { return {"integer", declines, create_stored_binary<Product>}; }
Implementation integer_div() { return {"integer", declines, create_stored_binary<Quotient>}; }
Implementation integer_maximum() { return {"integer", declines_extremum, create_stored_binary<Larger>}; }
Implementation integer_minimum() { return {"integer", declines_extremum, create_stored_binary<Smaller>}; }
Implementation integer_squared_difference() {
  return {"integer", declines_squared_difference, create_stored_binary<SquaredDifference>};
}

}  // namespace pare
