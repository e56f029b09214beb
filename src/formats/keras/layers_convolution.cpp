// Convolutions. One-dimensional ones become two-dimensional ones of height 1.
#include "formats/keras/activations.h"
#include "formats/keras/layers.h"
#include "formats/keras/windowed.h"
#include "ops/conv_2d.h"
#include "ops/transpose_conv.h"

namespace pare::keras {
namespace {

// Settings that all convolutions have.
struct Convolution {
  WindowSettings window;
  int64_t dilation_h = 1, dilation_w = 1;
};

Expected<Convolution> read_convolution(LayerBuilder& builder) {
  PARE_ASSIGN(const WindowSettings window, read_window(builder, "kernel_size", "strides"));
  Convolution convolution{window};
  const auto dilation = builder.settings.integers("dilation_rate", window.spatial_rank, 1);
  PARE_TRY(builder.settings.status());
  convolution.dilation_h = window.one_dimensional() ? 1 : dilation[0];
  convolution.dilation_w = dilation.back();
  if (convolution.dilation_h < 1 || convolution.dilation_w < 1)
    return bad_input("the dilation {} x {} is not positive", convolution.dilation_h, convolution.dilation_w);
  return convolution;
}

// The extents of a kernel as Keras stores it, from the spatial ones to the last two.
Shape kernel_shape(const WindowSettings& window, int64_t third, int64_t fourth) {
  if (window.one_dimensional()) return {window.kernel_w, third, fourth};
  return {window.kernel_h, window.kernel_w, third, fourth};
}

Expected<Value*> optional_bias(LayerBuilder& builder, int64_t channels) {
  const bool present = builder.settings.flag("use_bias", true);
  PARE_TRY(builder.settings.status());
  if (!present) return nullptr;
  return builder.weight_constant("bias", Shape{channels});
}

// `causal` pads in front only, so that no output sees what comes later.
Expected<Value*> pad_causally(LayerBuilder& builder, Value* src, Convolution& convolution) {
  if (!convolution.window.causal) return src;
  PARE_TRY(check_size({(convolution.window.kernel_w - 1) * convolution.dilation_w}));
  const auto before = static_cast<int32_t>((convolution.window.kernel_w - 1) * convolution.dilation_w);
  return builder.append(
      "pad", {src, builder.constant("paddings", Tensor::of<int32_t>({4, 2}, {0, 0, 0, 0, before, 0, 0, 0}))});
}

Conv2dAttributes attributes_of(const Convolution& convolution) {
  return {.padding = convolution.window.padding,
          .stride_h = convolution.window.stride_h,
          .stride_w = convolution.window.stride_w,
          .dilation_h = convolution.dilation_h,
          .dilation_w = convolution.dilation_w};
}

Expected<Value*> depthwise_kernel(LayerBuilder& builder, const WindowSettings& window, int64_t channels,
                                  int64_t multiplier) {
  return builder.weight_constant("depthwise_kernel", kernel_shape(window, channels, multiplier), {},
                                 Shape{1, window.kernel_h, window.kernel_w, channels * multiplier});
}

Expected<int64_t> read_multiplier(LayerBuilder& builder) {
  const int64_t multiplier = builder.settings.integer("depth_multiplier", 1);
  PARE_TRY(builder.settings.status());
  if (multiplier < 1) return bad_input("the depth_multiplier {} is not positive", multiplier);
  return multiplier;
}

// Length of a transposed convolution's result. Source: Keras, conv_utils.deconv_output_length.
int64_t transposed_length(int64_t input, int64_t kernel, int64_t stride, Padding padding,
                          std::optional<int64_t> output_padding) {
  if (!output_padding)
    return padding == Padding::Same ? input * stride : input * stride + std::max<int64_t>(kernel - stride, 0);
  const int64_t pad = padding == Padding::Same ? kernel / 2 : 0;
  return (input - 1) * stride + kernel - 2 * pad + *output_padding;
}

}  // namespace

Expected<Value*> build_convolution(LayerBuilder& builder) {
  PARE_ASSIGN(Convolution convolution, read_convolution(builder));
  const WindowSettings& window = convolution.window;
  const int64_t filters = builder.settings.integer("filters"), groups = builder.settings.integer("groups", 1);
  PARE_TRY(builder.settings.status());
  PARE_ASSIGN(Value * src, spatial_input(builder, window));
  const int64_t channels = src->type.shape[3];
  if (groups < 1 || channels % groups != 0 || filters < 1 || filters % groups != 0)
    return bad_input("{} input channels and {} filters cannot be parted into {} groups", channels, filters, groups);
  PARE_ASSIGN(Value * kernel, builder.weight_constant(
                                  "kernel", kernel_shape(window, channels / groups, filters),
                                  window.one_dimensional() ? std::vector<int>{2, 0, 1} : std::vector<int>{3, 0, 1, 2},
                                  Shape{filters, window.kernel_h, window.kernel_w, channels / groups}));
  PARE_ASSIGN(Value * bias, optional_bias(builder, filters));
  PARE_ASSIGN(src, pad_causally(builder, src, convolution));
  PARE_ASSIGN(Value * dst, builder.append("conv_2d", attributes_of(convolution), {src, kernel, bias}));
  PARE_ASSIGN(dst, spatial_output(builder, window, dst));
  return apply_activation(builder, dst);
}

Expected<Value*> build_depthwise(LayerBuilder& builder) {
  PARE_ASSIGN(Convolution convolution, read_convolution(builder));
  PARE_ASSIGN(const int64_t multiplier, read_multiplier(builder));
  PARE_ASSIGN(Value * src, spatial_input(builder, convolution.window));
  const int64_t channels = src->type.shape[3];
  PARE_ASSIGN(Value * kernel, depthwise_kernel(builder, convolution.window, channels, multiplier));
  PARE_ASSIGN(Value * bias, optional_bias(builder, channels * multiplier));
  PARE_ASSIGN(Value * dst, builder.append("depthwise_conv_2d", attributes_of(convolution), {src, kernel, bias}));
  PARE_ASSIGN(dst, spatial_output(builder, convolution.window, dst));
  return apply_activation(builder, dst);
}

// A depthwise convolution without bias, then a pointwise one.
Expected<Value*> build_separable(LayerBuilder& builder) {
  PARE_ASSIGN(Convolution convolution, read_convolution(builder));
  PARE_ASSIGN(const int64_t multiplier, read_multiplier(builder));
  const int64_t filters = builder.settings.integer("filters");
  PARE_TRY(builder.settings.status());
  PARE_ASSIGN(Value * src, spatial_input(builder, convolution.window));
  const int64_t channels = src->type.shape[3], middle = channels * multiplier;
  PARE_ASSIGN(Value * kernel, depthwise_kernel(builder, convolution.window, channels, multiplier));
  const bool one_dimensional = convolution.window.one_dimensional();
  PARE_ASSIGN(Value * pointwise,
              builder.weight_constant("pointwise_kernel",
                                      one_dimensional ? Shape{1, middle, filters} : Shape{1, 1, middle, filters},
                                      one_dimensional ? std::vector<int>{2, 0, 1} : std::vector<int>{3, 0, 1, 2},
                                      Shape{filters, 1, 1, middle}));
  PARE_ASSIGN(Value * bias, optional_bias(builder, filters));
  PARE_ASSIGN(src, pad_causally(builder, src, convolution));
  PARE_ASSIGN(Value * depthwise,
              builder.append("depthwise_conv_2d", attributes_of(convolution), {src, kernel, nullptr}));
  PARE_ASSIGN(Value * dst, builder.append("conv_2d", Conv2dAttributes{}, {depthwise, pointwise, bias}));
  PARE_ASSIGN(dst, spatial_output(builder, convolution.window, dst));
  return apply_activation(builder, dst);
}

Expected<Value*> build_transposed_convolution(LayerBuilder& builder) {
  PARE_ASSIGN(const Convolution convolution, read_convolution(builder));
  const WindowSettings& window = convolution.window;
  if (convolution.dilation_h != 1 || convolution.dilation_w != 1)
    return unsupported(
        "a dilated transposed convolution is not supported; use an up-sampling and a dilated convolution instead");
  const int64_t filters = builder.settings.integer("filters");
  std::optional<int64_t> extra_h, extra_w;
  if (builder.settings.find("output_padding") != nullptr) {
    const auto extra = builder.settings.integers("output_padding", window.spatial_rank);
    extra_w = extra.back();
    if (!window.one_dimensional()) extra_h = extra.front();
  }
  PARE_TRY(builder.settings.status());
  PARE_ASSIGN(Value * src, spatial_input(builder, window));
  const Shape& in = src->type.shape;
  PARE_ASSIGN(Value * kernel, builder.weight_constant(
                                  "kernel", kernel_shape(window, filters, in[3]),
                                  window.one_dimensional() ? std::vector<int>{1, 0, 2} : std::vector<int>{2, 0, 1, 3},
                                  Shape{filters, window.kernel_h, window.kernel_w, in[3]}));
  PARE_ASSIGN(Value * bias, optional_bias(builder, filters));
  const int64_t height = window.one_dimensional()
                             ? 1
                             : transposed_length(in[1], window.kernel_h, window.stride_h, window.padding, extra_h);
  const int64_t width = transposed_length(in[2], window.kernel_w, window.stride_w, window.padding, extra_w);
  if (height < 1 || width < 1)
    return bad_input("its result would be {} x {}; change its output_padding", height, width);
  PARE_TRY(check_size({height, width, filters}));
  Value* output_shape = builder.int32s("output_shape", {in[0] == kDynamic ? 1 : in[0], height, width, filters});
  TransposeConvAttributes attributes;
  attributes.padding = window.padding;
  attributes.stride_h = window.stride_h;
  attributes.stride_w = window.stride_w;
  PARE_ASSIGN(Value * dst, builder.append("transpose_conv", attributes, {output_shape, kernel, src, bias}));
  PARE_ASSIGN(dst, spatial_output(builder, window, dst));
  return apply_activation(builder, dst);
}

}  // namespace pare::keras
