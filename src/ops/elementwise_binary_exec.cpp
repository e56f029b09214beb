#include "ops/elementwise_binary.h"

#include <cmath>
#include <type_traits>

#include "ops/activation.h"
#include "ops/elementwise_integer.h"
#include "ops/elementwise_kernels.h"
#include "ops/kernel_types.h"

namespace pare {
namespace {

// Integer arithmetic wraps round, as in TFLite; through unsigned numbers, where that is defined.
template <class T, class Function>
T wrapping(T x, T y, const Function& f) {
  if constexpr (std::is_integral_v<T>) {
    using Unsigned = std::make_unsigned_t<T>;
    return static_cast<T>(f(static_cast<Unsigned>(x), static_cast<Unsigned>(y)));
  } else {
    return f(x, y);
  }
}

struct Add {
  template <class T>
  T operator()(T x, T y) const {
    return wrapping(x, y, [](auto a, auto b) { return a + b; });
  }
};
struct Sub {
  template <class T>
  T operator()(T x, T y) const {
    return wrapping(x, y, [](auto a, auto b) { return a - b; });
  }
};
struct Mul {
  template <class T>
  T operator()(T x, T y) const {
    return wrapping(x, y, [](auto a, auto b) { return a * b; });
  }
};
struct Maximum {
  template <class T>
  T operator()(T x, T y) const {
    return x > y ? x : y;
  }
};
struct Minimum {
  template <class T>
  T operator()(T x, T y) const {
    return x < y ? x : y;
  }
};
struct SquaredDifference {
  template <class T>
  T operator()(T x, T y) const {
    return Mul()(Sub()(x, y), Sub()(x, y));
  }
};

// An integer quotient by zero has no value; the kernel gives zero rather than stop the program.
struct Div {
  float operator()(float x, float y) const { return x / y; }
  template <class T>
  T operator()(T x, T y) const {
    return y == 0 ? T{0} : y == T{-1} ? Sub()(T{0}, x) : static_cast<T>(x / y);
  }
};
struct FloorDiv {
  float operator()(float x, float y) const { return std::floor(x / y); }
  template <class T>
  T operator()(T x, T y) const {
    const T quotient = Div()(x, y);
    return y != 0 && y != T{-1} && x % y != 0 && (x < 0) != (y < 0) ? static_cast<T>(quotient - 1) : quotient;
  }
};
struct FloorMod {
  float operator()(float x, float y) const {
    const float rest = std::fmod(x, y);
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
  }
  template <class T>
  T operator()(T x, T y) const {
    if (y == 0 || y == T{-1}) return 0;
    const auto rest = static_cast<T>(x % y);
    return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
  }
};
struct Power {
  float operator()(float x, float y) const { return std::pow(x, y); }
  template <class T>
  T operator()(T x, T y) const {
    T power = 1;
    for (; y > 0; y = static_cast<T>(y >> 1), x = Mul()(x, x))
      if ((y & 1) != 0) power = Mul()(power, x);
    return power;
  }
};

Activation fused_activation(const Node& node) {
  if (const auto* attributes = node.attributes.get_if<AddAttributes>()) return attributes->activation;
  if (const auto* attributes = node.attributes.get_if<MulAttributes>()) return attributes->activation;
  return Activation::None;
}

std::string declines_plain(const KernelRequest& request) {
  if (request.dtype() != DType::Float32 && fused_activation(request.node) == Activation::Tanh)
    return "tanh of integers";
  if (request.type(0).is_quantized()) return "quantised elements";
  return refuse_other_types<float, int32_t, int64_t>(request.dtype());
}

// An activation applied to integers: its limits, where they are whole numbers.
template <class T>
T activate_integer(T value, Activation activation) {
  const RealRange range = activation_range(activation);
  if (static_cast<float>(value) < range.lowest) return static_cast<T>(range.lowest);
  if (static_cast<float>(value) > range.highest) return static_cast<T>(range.highest);
  return value;
}

template <class Function>
Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  const Activation activation = fused_activation(request.node);
  return with_type<float, int32_t, int64_t>(request.dtype(), [&]<class T>(T) -> Expected<std::unique_ptr<Kernel>> {
    if (activation == Activation::None) return make_binary<T, T>(request, Function());
    if (activation == Activation::Relu)
      return make_binary<T, T>(request, [](T x, T y) { return std::max(Function()(x, y), T{0}); });
    if constexpr (std::is_same_v<T, float>)
      return make_binary<T, T>(request, [activation](T x, T y) { return activate(Function()(x, y), activation); });
    else
      return make_binary<T, T>(request,
                               [activation](T x, T y) { return activate_integer(Function()(x, y), activation); });
  });
}

}  // namespace

ImplementationList exec_add() { return {{"plain", declines_plain, create_plain<Add>}, integer_add()}; }
ImplementationList exec_sub() { return {{"plain", declines_plain, create_plain<Sub>}, integer_sub()}; }
ImplementationList exec_mul() { return {{"plain", declines_plain, create_plain<Mul>}, integer_mul()}; }
ImplementationList exec_div() { return {{"plain", declines_plain, create_plain<Div>}, integer_div()}; }
ImplementationList exec_maximum() { return {{"plain", declines_plain, create_plain<Maximum>}, integer_maximum()}; }
ImplementationList exec_minimum() { return {{"plain", declines_plain, create_plain<Minimum>}, integer_minimum()}; }
ImplementationList exec_squared_difference() {
  return {{"plain", declines_plain, create_plain<SquaredDifference>}, integer_squared_difference()};
}
ImplementationList exec_pow() { return {{"plain", declines_plain, create_plain<Power>}}; }
ImplementationList exec_floor_div() { return {{"plain", declines_plain, create_plain<FloorDiv>}}; }
ImplementationList exec_floor_mod() { return {{"plain", declines_plain, create_plain<FloorMod>}}; }

}  // namespace pare
