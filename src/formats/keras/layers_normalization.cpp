// Normalisations, by statistics of the training or of the sample.
#include <algorithm>
#include <cmath>

#include "formats/keras/layers.h"
#include "ops/normalization.h"

namespace pare::keras {
namespace {

// The axes a layer names, an integer or a list, in [0, rank) and rising.
Expected<std::vector<int64_t>> read_axes(LayerBuilder& builder, int rank) {
  std::vector<int64_t> axes = builder.settings.integers("axis", 0);
  PARE_TRY(builder.settings.status());
  for (int64_t& axis : axes) {
    if (axis < -rank || axis >= rank)
      return bad_input("axis {} does not exist in an input of {} dimensions", axis, rank);
    if (axis < 0) axis += rank;
  }
  std::sort(axes.begin(), axes.end());
  return axes;
}

Expected<Value*> optional_weight(LayerBuilder& builder, const char* setting, const char* weight, const Shape& shape) {
  const bool present = builder.settings.flag(setting, true);
  PARE_TRY(builder.settings.status());
  if (!present) return nullptr;
  return builder.weight_constant(weight, shape);
}

// Fails unless the layer normalises over the last dimension alone.
Expected<Value*> require_last_axis(LayerBuilder& builder, int smallest_rank, int largest_rank) {
  PARE_ASSIGN(Value * src, builder.only_input(smallest_rank, largest_rank));
  const int rank = src->type.shape.rank();
  PARE_ASSIGN(const auto axes, read_axes(builder, rank));
  if (axes != std::vector<int64_t>{rank - 1})
    return unsupported(
        "normalising along axis {} of {} dimensions is not supported, only along the last; move the channels there with Permute",
        axes.empty() ? 0 : axes[0], rank);
  return src;
}

Expected<float> read_epsilon(LayerBuilder& builder) {
  const double epsilon = builder.settings.number("epsilon", 1e-3);
  PARE_TRY(builder.settings.status());
  if (epsilon < 0) return bad_input("epsilon {} is negative", epsilon);
  return static_cast<float>(epsilon);
}

// Mean or variance given as a setting: a number, or (nested) lists of them.
Expected<void> collect_numbers(const Json& json, std::vector<float>& numbers) {
  if (json.is_number())
    numbers.push_back(json.get<float>());
  else if (!json.is_array())
    return bad_input("a statistic is {}, numbers were expected", excerpt(json));
  for (const Json& each : json.is_array() ? json : Json::array()) PARE_TRY(collect_numbers(each, numbers));
  return {};
}

// One statistic, laid out to be broadcast over the input.
Expected<Tensor> read_statistic(LayerBuilder& builder, const char* name, const Shape& kept, const Shape& spread) {
  const Json* given = builder.settings.find(name);
  if (given == nullptr) {
    PARE_ASSIGN(const Tensor stored, builder.weight(name, kept));
    return stored.reshaped(spread);
  }
  std::vector<float> numbers;
  PARE_TRY(collect_numbers(*given, numbers));
  const auto count = static_cast<size_t>(spread.elements());
  if (numbers.size() == 1) numbers.resize(count, numbers[0]);
  if (numbers.size() != count)
    return bad_input("setting '{}' has {} numbers, {} were expected", name, numbers.size(), count);
  return Tensor::of(spread, numbers);
}

}  // namespace

Expected<Value*> build_batch_normalization(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, require_last_axis(builder, 2, 5));
  PARE_ASSIGN(const float epsilon, read_epsilon(builder));
  if (builder.settings.flag("renorm", false) && builder.keras() == 2)
    return unsupported("batch renormalisation is not supported; train with renorm=False");
  const Shape channels{src->type.shape[-1]};
  PARE_ASSIGN(Value * gamma, optional_weight(builder, "scale", "gamma", channels));
  PARE_ASSIGN(Value * beta, optional_weight(builder, "center", "beta", channels));
  PARE_ASSIGN(Value * mean, builder.weight_constant("moving_mean", channels));
  PARE_ASSIGN(Value * variance, builder.weight_constant("moving_variance", channels));
  return builder.append("batch_normalization", BatchNormalizationAttributes{epsilon},
                        {src, gamma, beta, mean, variance});
}

Expected<Value*> build_layer_normalization(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(2, 6));
  const Shape& shape = src->type.shape;
  PARE_ASSIGN(const auto axes, read_axes(builder, shape.rank()));
  Shape normalised;
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto from_last = static_cast<int64_t>(axes.size() - i);
    if (axes[i] != shape.rank() - from_last || axes[i] == 0)
      return unsupported(
          "it normalises over axis {} of {} dimensions; only the last dimensions, one after the other, are supported",
          axes[i], shape.rank());
    normalised.push_back(shape[static_cast<int>(axes[i])]);
  }
  if (axes.empty()) return bad_input("it normalises over no axis; at least one was expected");
  if (builder.settings.flag("rms_scaling", false))
    return unsupported("rms_scaling is not supported; use the plain LayerNormalization");
  PARE_ASSIGN(const float epsilon, read_epsilon(builder));
  PARE_ASSIGN(Value * gamma, optional_weight(builder, "scale", "gamma", normalised));
  PARE_ASSIGN(Value * beta, optional_weight(builder, "center", "beta", normalised));
  const LayerNormalizationAttributes attributes{-static_cast<int64_t>(axes.size()), epsilon};
  return builder.append("layer_normalization", attributes, {src, gamma, beta});
}

Expected<Value*> build_group_normalization(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, require_last_axis(builder, 2, 5));
  const int64_t channels = src->type.shape[-1];
  int64_t groups = builder.settings.integer("groups", 32);
  PARE_ASSIGN(const float epsilon, read_epsilon(builder));
  if (groups == -1) groups = channels;  // instance normalisation
  if (groups < 1 || channels % groups != 0)
    return bad_input("{} channels cannot be parted into {} groups", channels, groups);
  PARE_ASSIGN(Value * gamma, optional_weight(builder, "scale", "gamma", Shape{channels}));
  PARE_ASSIGN(Value * beta, optional_weight(builder, "center", "beta", Shape{channels}));
  return builder.append("group_normalization", GroupNormalizationAttributes{groups, epsilon}, {src, gamma, beta});
}

// (x - mean) / max(standard deviation, 1e-7) by statistics over a data set, as one multiplication and one addition.
Expected<Value*> build_normalization(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, builder.only_input(1, 6));
  const Shape& shape = src->type.shape;
  std::vector<int64_t> axes;
  if (builder.settings.find("axis") != nullptr) { PARE_ASSIGN(axes, read_axes(builder, shape.rank())); }
  Shape kept, spread(std::vector<int64_t>(static_cast<size_t>(shape.rank()), 1));
  for (const int64_t axis : axes) {
    const int64_t extent = shape[static_cast<int>(axis)];
    if (extent == kDynamic) return bad_input("it normalises along the batch, whose size is not known");
    kept.push_back(extent);
    spread[static_cast<int>(axis)] = extent;
  }
  const bool invert = builder.settings.flag("invert", false);
  PARE_TRY(builder.settings.status());
  PARE_ASSIGN(Tensor mean, read_statistic(builder, "mean", kept, spread));
  PARE_ASSIGN(Tensor variance, read_statistic(builder, "variance", kept, spread));
  constexpr float kSmallestDeviation = 1e-7f;
  Tensor factor(DType::Float32, spread), offset(DType::Float32, spread);
  for (size_t i = 0; i < factor.values<float>().size(); ++i) {
    const float deviation = std::max(std::sqrt(variance.values<float>()[i]), kSmallestDeviation),
                centre = mean.values<float>()[i];
    factor.mutable_values<float>()[i] = invert ? deviation : 1 / deviation;
    offset.mutable_values<float>()[i] = invert ? centre : -centre;
  }
  Value* by = builder.constant("factor", std::move(factor));
  Value* to = builder.constant("offset", std::move(offset));
  if (invert) {
    PARE_ASSIGN(Value * scaled, builder.append("mul", {src, by}));
    return builder.append("add", {scaled, to});
  }
  PARE_ASSIGN(Value * centred,
              builder.append("add", {src, to}));  // in this order it does not lose digits where the mean is large
  return builder.append("mul", {centred, by});
}

Expected<Value*> build_unit_normalization(LayerBuilder& builder) {
  PARE_ASSIGN(Value * src, require_last_axis(builder, 2, 6));
  return builder.append("l2_normalization", {src});
}

// scale * x + offset, each a number or one a channel.
Expected<Value*> build_rescaling(LayerBuilder& builder) {
  PARE_ASSIGN(Value * value, builder.only_input(1, 6));
  const struct {
    const char* setting;
    const char* op;
    float neutral;
  } parts[] = {{"scale", "mul", 1}, {"offset", "add", 0}};
  for (const auto& part : parts) {
    const Json* given = builder.settings.find(part.setting);
    if (given == nullptr) continue;
    std::vector<float> numbers;
    PARE_TRY(collect_numbers(*given, numbers));
    const int64_t channels = value->type.shape[-1];
    if (numbers.size() != 1 && static_cast<int64_t>(numbers.size()) != channels)
      return bad_input("setting '{}' has {} numbers, 1 or {} were expected", part.setting, numbers.size(), channels);
    if (std::all_of(numbers.begin(), numbers.end(), [&](float number) { return number == part.neutral; })) continue;
    Value* constant =
        numbers.size() == 1 ? builder.scalar(numbers[0]) : builder.constant(part.setting, Tensor::vector(numbers));
    PARE_ASSIGN(value, builder.append(part.op, {value, constant}));
  }
  return value;
}

}  // namespace pare::keras
