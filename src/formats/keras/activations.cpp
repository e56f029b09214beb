// Source of the formulas: keras.activations of Keras 2.15 and 3.
#include "formats/keras/activations.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>

#include "formats/keras/layers.h"
#include "ops/activations.h"

namespace pare::keras {
namespace {

using Result = Expected<Value*>;

// Chains operators; after a failure everything is skipped and the failure kept, so that formulas read as formulas.
class Formula {
 public:
  Formula(LayerBuilder& builder, Value* value) : builder_(&builder), value_(value) {}
  Formula(LayerBuilder& builder, Result value) : builder_(&builder), value_(std::move(value)) {}

  Formula unary(std::string_view op) const {
    return value_ ? Formula(*builder_, builder_->append(op, {*value_})) : *this;
  }
  Formula binary(std::string_view op, const Formula& other) const {
    if (!value_) return *this;
    if (!other.value_) return other;
    return {*builder_, builder_->append(op, {*value_, *other.value_})};
  }
  Formula binary(std::string_view op, float number) const {
    return value_ ? binary(op, Formula(*builder_, builder_->scalar(number))) : *this;
  }

  Formula operator+(const Formula& other) const { return binary("add", other); }
  Formula operator-(const Formula& other) const { return binary("sub", other); }
  Formula operator*(const Formula& other) const { return binary("mul", other); }
  Formula operator+(float number) const { return binary("add", number); }
  Formula operator-(float number) const { return binary("sub", number); }
  Formula operator*(float number) const { return binary("mul", number); }
  Formula operator-() const { return unary("neg"); }

  Result take() const { return value_; }

 private:
  LayerBuilder* builder_;
  Result value_;
};

// alpha * (exp(x) - 1) below zero; the operator has alpha = 1.
Formula elu(const Formula& x, float alpha) {
  const Formula whole = x.unary("elu");
  if (alpha == 1) return whole;
  const Formula positive = x.unary("relu");
  return positive + (whole - positive) * alpha;
}

using Function = std::function<Formula(const Formula&)>;

Function operators(std::string_view op) {
  return [op](const Formula& x) { return x.unary(op); };
}

// Functions that are formulas of element-wise operators and the same in all versions.
const std::map<std::string, Function, std::less<>>& functions() {
  static const std::map<std::string, Function, std::less<>> table{
      {"relu", operators("relu")},
      {"relu6", operators("relu6")},
      {"sigmoid", operators("logistic")},
      {"tanh", operators("tanh")},
      {"elu", operators("elu")},
      {"celu", operators("elu")},
      {"selu", operators("selu")},
      {"exponential", operators("exp")},
      {"gelu", operators("gelu")},
      {"softplus", operators("softplus")},
      {"softsign", operators("softsign")},
      {"mish", operators("mish")},
      {"silu", operators("swish")},
      {"swish", operators("swish")},
      {"hard_silu", operators("hard_swish")},
      {"hard_swish", operators("hard_swish")},
      {"hard_tanh", operators("relu_n1_to_1")},
      {"log_sigmoid", [](const Formula& x) { return -(-x).unary("softplus"); }},
      {"tanh_shrink", [](const Formula& x) { return x - x.unary("tanh"); }},
      {"soft_shrink", [](const Formula& x) { return (x - 0.5f).unary("relu") - (-x - 0.5f).unary("relu"); }},
      {"squareplus", [](const Formula& x) { return (x + (x * x + 4).unary("sqrt")) * 0.5f; }},
      {"sparse_sigmoid", [](const Formula& x) { return (x.unary("relu_n1_to_1") + 1) * 0.5f; }},
      {"sparse_plus",
       [](const Formula& x) {
         const Formula inner = x.unary("relu_n1_to_1") + 1;
         return inner * inner * 0.25f + (x - 1).unary("relu");
       }},
  };
  return table;
}

// 1 where the value exceeds the threshold, else 0.
Result exceeds(LayerBuilder& builder, Value* value, float threshold) {
  PARE_ASSIGN(Value * greater, builder.append("greater", {value, builder.scalar(threshold)}));
  return builder.cast(greater, DType::Float32);
}

Result apply_serialised(LayerBuilder& builder, Value* value, const Json& json) {
  Settings settings(json);
  const std::string class_name = settings.text("class_name");
  PARE_TRY(settings.status());
  const Json config = json.value("config", Json());
  if (class_name == "function" && config.is_string()) return apply_function(builder, value, config.get<std::string>());
  if (!config.is_object()) return unsupported("its activation {} is not supported", excerpt(json));
  Layer inner;
  inner.name = builder.layer.name;
  inner.class_name = class_name;
  inner.config = config;
  LayerBuilder nested = builder.nested(inner, {value});
  return build_layer(nested);
}

}  // namespace

Expected<Value*> append_softmax(LayerBuilder& builder, Value* value, std::string_view op, int64_t axis) {
  const int rank = value->type.shape.rank();
  if (axis < -rank || axis >= rank) return bad_input("axis {} does not exist in an input of {} dimensions", axis, rank);
  const int at = static_cast<int>(axis < 0 ? axis + rank : axis);
  if (at == rank - 1) return builder.append(op, {value});
  std::vector<int64_t> swap(static_cast<size_t>(rank));  // exchanges the axis and the last; undone by itself
  std::iota(swap.begin(), swap.end(), 0);
  std::swap(swap[static_cast<size_t>(at)], swap.back());
  PARE_ASSIGN(Value * swapped, builder.append("transpose", {value, builder.int32s("permutation", swap)}));
  PARE_ASSIGN(Value * result, builder.append(op, {swapped}));
  return builder.append("transpose", {result, builder.int32s("permutation", swap)});
}

Expected<Value*> apply_function(LayerBuilder& builder, Value* value, const std::string& function) {
  if (function == "linear") return value;
  const Formula x(builder, value);
  if (function == "softmax" || function == "log_softmax") return append_softmax(builder, value, function, -1);
  if (function == "leaky_relu") return builder.append("leaky_relu", LeakyReluAttributes{0.2f}, {value});
  if (function == "hard_sigmoid")
    return builder.append("hard_sigmoid", HardSigmoidAttributes{builder.keras() == 2 ? 0.2f : 1.f / 6, 0.5f}, {value});
  if (function == "hard_shrink") {  // x outside [-0.5, 0.5], else 0
    PARE_ASSIGN(Value * size, builder.append("abs", {value}));
    PARE_ASSIGN(Value * outside, exceeds(builder, size, 0.5f));
    return builder.append("mul", {value, outside});
  }
  const auto found = functions().find(function);
  if (found == functions().end())
    return unsupported(
        "its activation '{}' is not supported; use one of Keras' own, or convert the model to TFLite and give that file",
        function);
  return found->second(x).take();
}

Expected<Value*> apply_activation(LayerBuilder& builder, Value* value) {
  const Json* activation = builder.settings.find("activation");
  if (activation == nullptr) return value;
  if (activation->is_string()) return apply_function(builder, value, activation->get<std::string>());
  if (!activation->is_object())
    return bad_input("setting 'activation' is {}, a name was expected", excerpt(*activation));
  return apply_serialised(builder, value, *activation);
}

Expected<Value*> build_activation(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  return apply_activation(builder, src);
}

// max_value where x reaches it; x above the threshold; negative_slope * (x - threshold) below.
Expected<Value*> build_relu(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  const bool limited = builder.settings.find("max_value") != nullptr;
  const auto max_value = static_cast<float>(builder.settings.number("max_value", 0));
  const auto slope = static_cast<float>(builder.settings.number("negative_slope", 0));
  const auto threshold = static_cast<float>(builder.settings.number("threshold", 0));
  PARE_TRY(builder.settings.status());
  const Formula x(builder, src);
  if (threshold == 0 && slope == 0 && limited && max_value == 6) return x.unary("relu6").take();
  if (threshold == 0 && slope != 0 && !limited) return builder.append("leaky_relu", LeakyReluAttributes{slope}, {src});
  Formula rectified = x.unary("relu");
  if (threshold != 0) rectified = x * Formula(builder, exceeds(builder, src, threshold));
  if (limited) rectified = rectified.binary("minimum", max_value).unary("relu");
  if (slope == 0) return rectified.take();
  return (rectified - (-x + threshold).unary("relu") * slope).take();
}

Expected<Value*> build_leaky_relu(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  const double slope = builder.settings.number(builder.settings.find("alpha") != nullptr ? "alpha" : "negative_slope",
                                               0.3);  // Keras 2, Keras 3
  PARE_TRY(builder.settings.status());
  return builder.append("leaky_relu", LeakyReluAttributes{static_cast<float>(slope)}, {src});
}

// One slope for each position of the input, or one for all positions along the shared axes.
Expected<Value*> build_prelu(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(2, 5));
  Shape slopes;
  for (int i = 1; i < src->type.shape.rank(); ++i) slopes.push_back(src->type.shape[i]);
  if (builder.settings.find("shared_axes") != nullptr)
    for (const int64_t axis : builder.settings.integers("shared_axes", 0)) {
      if (axis < 1 || axis > slopes.rank())
        return bad_input("shared axis {} does not exist in an input of {} dimensions", axis, slopes.rank() + 1);
      slopes[static_cast<int>(axis) - 1] = 1;
    }
  PARE_TRY(builder.settings.status());
  PARE_ASSIGN(Value * alpha, builder.weight_constant("alpha", slopes));
  return builder.append("prelu", {src, alpha});
}

Expected<Value*> build_elu(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  const auto alpha = static_cast<float>(builder.settings.number("alpha", 1));
  PARE_TRY(builder.settings.status());
  return elu(Formula(builder, src), alpha).take();
}

// x above theta, else 0.
Expected<Value*> build_thresholded_relu(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  const auto theta = static_cast<float>(builder.settings.number("theta", 1));
  PARE_TRY(builder.settings.status());
  PARE_ASSIGN(Value * above, exceeds(builder, src, theta));
  return builder.append("mul", {src, above});
}

Expected<Value*> build_softmax(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(2, 6));
  const auto axes = builder.settings.integers("axis", 1, -1);
  PARE_TRY(builder.settings.status());
  return append_softmax(builder, src, "softmax", axes[0]);
}

}  // namespace pare::keras
