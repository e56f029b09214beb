#include "train/architecture_layers.h"

#include <algorithm>

#include "ops/activations.h"
#include "ops/conv_2d.h"
#include "ops/pool_2d.h"
#include "ops/reductions.h"
#include "train/first_weights.h"

namespace pare {

int64_t widened(double channels, double factor) {
  const double wanted = channels * factor;
  const auto rounded = std::max<int64_t>(8, static_cast<int64_t>(wanted + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * wanted ? rounded + 8 : rounded;
}

std::string Layers::name(std::string_view kind) { return fmt::format("{}_{}", kind, ++count_); }

Value* Layers::input(const std::vector<int64_t>& sample) {
  Shape shape{kDynamic};
  for (const int64_t extent : sample) shape.push_back(extent);
  return build_.input("input", std::move(shape));
}

Value* Layers::activate(Value* src, std::string_view activation) {
  return activation.empty() ? src : build_.op(activation, {src}, {}, src->name + "/" + std::string(activation));
}

Value* Layers::normalized(Value* src, const std::string& layer) {
  const int64_t channels = src->type.shape[-1];
  const auto constant = [&](std::string_view what, float value) {
    Tensor tensor(DType::Float32, {channels});
    for (float& each : tensor.mutable_values<float>()) each = value;
    return build_.constant(fmt::format("{}/{}", layer, what), std::move(tensor));
  };
  Value *gamma = constant("gamma", 1), *beta = constant("beta", 0), *mean = constant("moving_mean", 0),
        *variance = constant("moving_variance", 1);
  return build_.op("batch_normalization", {src, gamma, beta, mean, variance}, {}, layer + "/norm");
}

Value* Layers::conv(Value* src, int64_t channels, int64_t window, int64_t stride, std::string_view activation) {
  const std::string layer = name("conv");
  const int64_t inputs = src->type.shape[-1];
  Value* weights = build_.constant(layer + "/weights",
                                   he_normal({channels, window, window, inputs}, window * window * inputs, random_));
  Value* dst = build_.op("conv_2d", {src, weights}, Conv2dAttributes{.stride_h = stride, .stride_w = stride}, layer);
  return activate(normalized(dst, layer), activation);
}

Value* Layers::depthwise(Value* src, int64_t window, int64_t stride, std::string_view activation) {
  const std::string layer = name("depthwise");
  const int64_t channels = src->type.shape[-1];
  Value* weights =
      build_.constant(layer + "/weights", he_normal({1, window, window, channels}, window * window, random_));
  Value* dst =
      build_.op("depthwise_conv_2d", {src, weights}, Conv2dAttributes{.stride_h = stride, .stride_w = stride}, layer);
  return activate(normalized(dst, layer), activation);
}

Value* Layers::plain_conv(Value* src, int64_t channels, int64_t window, Padding padding, std::string_view activation) {
  const std::string layer = name("conv");
  const int64_t inputs = src->type.shape[-1];
  Value* weights = build_.constant(layer + "/weights",
                                   he_normal({channels, window, window, inputs}, window * window * inputs, random_));
  Value* bias = build_.constant(layer + "/bias", Tensor(DType::Float32, {channels}));
  return activate(build_.op("conv_2d", {src, weights, bias}, Conv2dAttributes{.padding = padding}, layer), activation);
}

Value* Layers::dense(Value* src, int64_t units, std::string_view activation) {
  const std::string layer = name("dense");
  const int64_t inputs = src->type.shape.elements(1, src->type.shape.rank());
  Value* weights = build_.constant(layer + "/weights", glorot_uniform({units, inputs}, inputs, units, random_));
  Value* bias = build_.constant(layer + "/bias", Tensor(DType::Float32, {units}));
  return activate(build_.op("fully_connected", {src, weights, bias}, {}, layer), activation);
}

Value* Layers::max_pool(Value* src, int64_t window, int64_t stride) {
  const Pool2dAttributes attributes{.window_h = window, .window_w = window, .stride_h = stride, .stride_w = stride};
  return build_.op("max_pool_2d", {src}, attributes, name("max_pool"));
}

Value* Layers::global_pool(Value* src) {
  return build_.op("mean", {src, build_.constant("axes", Tensor::vector<int32_t>({1, 2}))}, ReduceAttributes{},
                   name("global_pool"));
}

Value* Layers::gated(Value* src, int64_t squeezed) {
  const std::string layer = name("gate");
  Value* means = build_.op("mean", {src, build_.constant("axes", Tensor::vector<int32_t>({1, 2}))},
                           ReduceAttributes{.keep_dims = true}, layer + "/means");
  Value* few = plain_conv(means, squeezed, 1, Padding::Same, "relu");
  Value* scores = plain_conv(few, src->type.shape[-1], 1, Padding::Same, "");
  Value* gates = build_.op("hard_sigmoid", {scores}, HardSigmoidAttributes{.alpha = 1.f / 6}, layer + "/gates");
  return build_.op("mul", {src, gates}, {}, layer);
}

Value* Layers::add(Value* x, Value* y, std::string_view activation) {
  return activate(build_.op("add", {x, y}, {}, name("add")), activation);
}

Graph Layers::finish(Value* output) { return build_.finish({output}); }

}  // namespace pare
