#include <cmath>

#include "ops/elementwise_integer.h"
#include "ops/elementwise_kernels.h"
#include "ops/kernel_types.h"

namespace pare {
namespace {

// Functions of real numbers.
float abs_of(float x) { return std::abs(x); }
float neg(float x) { return -x; }
float exp_of(float x) { return std::exp(x); }
float log_of(float x) { return std::log(x); }
float sqrt_of(float x) { return std::sqrt(x); }
float rsqrt(float x) { return 1.f / std::sqrt(x); }
float square(float x) { return x * x; }
float sine(float x) { return std::sin(x); }
float cosine(float x) { return std::cos(x); }
float floor_of(float x) { return std::floor(x); }
float ceiling(float x) { return std::ceil(x); }
float round_to_even(float x) { return std::nearbyint(x); }
float sign(float x) { return x > 0 ? 1.f : x < 0 ? -1.f : x; }
float error_function(float x) { return std::erf(x); }

template <float (*function)(float)>
Expected<std::unique_ptr<Kernel>> create_float(const KernelRequest& request) {
  return make_unary<float, float>(request, [](float x) { return function(x); });
}

// Functions that integers have too.
std::string declines_integer(const KernelRequest& request) {
  return request.type(0).is_quantized() ? "quantised elements" : refuse_other_types<int32_t, int64_t>(request.dtype());
}

struct Abs {
  template <class T>
  T operator()(T x) const {
    return x < 0 ? static_cast<T>(T{0} - static_cast<std::make_unsigned_t<T>>(x)) : x;
  }
};
struct Neg {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(T{0} - static_cast<std::make_unsigned_t<T>>(x));
  }
};
struct Square {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(static_cast<std::make_unsigned_t<T>>(x) * static_cast<std::make_unsigned_t<T>>(x));
  }
};
struct Sign {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>((x > 0) - (x < 0));
  }
};

template <class Function>
Expected<std::unique_ptr<Kernel>> create_integer(const KernelRequest& request) {
  return with_type<int32_t, int64_t>(request.dtype(),
                                     [&]<class T>(T) { return make_unary<T, T>(request, Function()); });
}

template <float (*function)(float)>
Implementation plain() {
  return {"plain", declines_non_float, create_float<function>};
}
template <class Function>
Implementation plain_integer() {
  return {"plain integer", declines_integer, create_integer<Function>};
}

}  // namespace

ImplementationList exec_abs() { return {plain<abs_of>(), plain_integer<Abs>(), integer_abs()}; }
ImplementationList exec_neg() { return {plain<neg>(), plain_integer<Neg>()}; }
ImplementationList exec_exp() { return {plain<exp_of>(), integer_exp()}; }
ImplementationList exec_log() { return {plain<log_of>(), integer_log()}; }
ImplementationList exec_sqrt() { return {plain<sqrt_of>(), integer_sqrt()}; }
ImplementationList exec_rsqrt() { return {plain<rsqrt>(), integer_rsqrt()}; }
ImplementationList exec_square() { return {plain<square>(), plain_integer<Square>()}; }
ImplementationList exec_sin() { return {plain<sine>()}; }
ImplementationList exec_cos() { return {plain<cosine>()}; }
ImplementationList exec_floor() { return {plain<floor_of>()}; }
ImplementationList exec_ceil() { return {plain<ceiling>()}; }
ImplementationList exec_round() { return {plain<round_to_even>()}; }
ImplementationList exec_sign() { return {plain<sign>(), plain_integer<Sign>()}; }
ImplementationList exec_erf() { return {plain<error_function>()}; }

}  // namespace pare
