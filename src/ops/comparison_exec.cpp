#include <functional>

#include "ops/integer_kernels.h"

namespace pare {
namespace {

std::string declines_plain(const KernelRequest& request) {
  if (request.type(0).is_quantized()) return "quantised elements";
  return refuse_other_types<float, int32_t, int64_t, bool>(request.dtype());
}

template <class Comparison>
Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  return with_type<float, int32_t, int64_t, bool>(
      request.dtype(), [&]<class T>(T) { return make_binary<T, bool>(request, Comparison()); });
}

// TFLite brings both sides to real numbers in fixed point, with 8 more fractional bits, whatever their scales are.
template <class Comparison>
Expected<std::unique_ptr<Kernel>> create_scaled(const KernelRequest& request) {
  struct Side {
    explicit Side(const TensorType& type)
        : zero(zero_point_of(type)), multiplier(to_fixed_multiplier(scale_of(type))) {}
    int32_t operator()(int32_t stored) const { return multiply((stored - zero) * (1 << 8), multiplier); }
    int32_t zero;
    FixedMultiplier multiplier;
  };
  return with_type<int8_t, uint8_t, int16_t>(request.dtype(), [&]<class T>(T) {
    return make_binary<T, bool>(request, [x_side = Side(request.type(0)), y_side = Side(request.type(1))](T x, T y) {
      return Comparison()(x_side(x), y_side(y));
    });
  });
}

std::string declines_quantized(const KernelRequest& request) {
  for (const size_t operand : {size_t{0}, size_t{1}})
    if (std::string reason = refuse_unquantized(request.type(operand), "an operand"); !reason.empty()) return reason;
  return refuse_other_types<int8_t, uint8_t, int16_t>(request.dtype());
}

// The order of 16-bit elements is that of the stored integers; only equality knows their scales.
template <class Comparison>
Expected<std::unique_ptr<Kernel>> create_order(const KernelRequest& request) {
  return request.dtype() == DType::Int16 ? make_binary<int16_t, bool>(request, Comparison())
                                         : create_scaled<Comparison>(request);
}

template <class Comparison>
ImplementationList equality() {
  return {{"plain", declines_plain, create_plain<Comparison>},
          {"integer", declines_quantized, create_scaled<Comparison>}};
}
template <class Comparison>
ImplementationList order() {
  return {{"plain", declines_plain, create_plain<Comparison>},
          {"integer", declines_quantized, create_order<Comparison>}};
}

std::string accepts(const KernelRequest&) { return ""; }  // the shape rule asks for bool

template <class Logic>
Expected<std::unique_ptr<Kernel>> create_logical(const KernelRequest& request) {
  return make_binary<bool, bool>(request, Logic());
}

Expected<std::unique_ptr<Kernel>> create_not(const KernelRequest& request) {
  return make_unary<bool, bool>(request, std::logical_not<>());
}

}  // namespace

ImplementationList exec_equal() { return equality<std::equal_to<>>(); }
ImplementationList exec_not_equal() { return equality<std::not_equal_to<>>(); }
ImplementationList exec_greater() { return order<std::greater<>>(); }
ImplementationList exec_greater_equal() { return order<std::greater_equal<>>(); }
ImplementationList exec_less() { return order<std::less<>>(); }
ImplementationList exec_less_equal() { return order<std::less_equal<>>(); }
ImplementationList exec_logical_and() { return {{"plain", accepts, create_logical<std::logical_and<>>}}; }
ImplementationList exec_logical_or() { return {{"plain", accepts, create_logical<std::logical_or<>>}}; }
ImplementationList exec_logical_not() { return {{"plain", accepts, create_not}}; }

}  // namespace pare
