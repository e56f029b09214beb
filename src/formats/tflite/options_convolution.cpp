// Convolutions and pooling.
#include "formats/tflite/options.h"
#include "ops/conv_2d.h"
#include "ops/pool_2d.h"
#include "ops/transpose_conv.h"

namespace pare::tflite {
namespace {

// Of a convolution or a depthwise one.
template <class Options>
Expected<Attributes> convolution_attributes(const Options& options) {
  PARE_ASSIGN(const Padding padding, padding_of(options.padding()));
  PARE_ASSIGN(const Activation activation, activation_of(options.fused_activation_function()));
  return Conv2dAttributes{.padding = padding,
                          .stride_h = options.stride_h(),
                          .stride_w = options.stride_w(),
                          .dilation_h = options.dilation_h_factor(),
                          .dilation_w = options.dilation_w_factor(),
                          .activation = activation};
}

Expected<Attributes> read_conv_2d(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::Conv2DOptions>(view));
  PARE_TRY(check_bias_type(view, 2, options->quantized_bias_type()));
  return convolution_attributes(*options);
}

Expected<WrittenOptions> write_conv_2d(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<Conv2dAttributes>();
  PARE_ASSIGN(const schema::TensorType bias, bias_type(node, 0, 2));
  return written(schema::CreateConv2DOptions(builder, padding_type(attributes.padding), attributes.stride_w,
                                             attributes.stride_h, activation_type(attributes.activation),
                                             attributes.dilation_w, attributes.dilation_h, bias));
}

Expected<Attributes> read_depthwise_conv_2d(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::DepthwiseConv2DOptions>(view));
  return convolution_attributes(*options);
}

Expected<WrittenOptions> write_depthwise_conv_2d(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<Conv2dAttributes>();
  const int64_t channels = node.operand(0)->type.shape[-1], results = node.operand(1)->type.shape[-1];
  if (channels < 1 || results < 1)
    return unsupported("a depthwise convolution of unknown channel count cannot be written to .tflite");
  return written(schema::CreateDepthwiseConv2DOptions(
      builder, padding_type(attributes.padding), attributes.stride_w, attributes.stride_h, results / channels,
      activation_type(attributes.activation), attributes.dilation_w, attributes.dilation_h));
}

Expected<Attributes> read_transpose_conv(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::TransposeConvOptions>(view));
  PARE_TRY(check_bias_type(view, 3, options->quantized_bias_type()));
  PARE_ASSIGN(const Padding padding, padding_of(options->padding()));
  PARE_ASSIGN(const Activation activation, activation_of(options->fused_activation_function()));
  return TransposeConvAttributes{
      .padding = padding, .stride_h = options->stride_h(), .stride_w = options->stride_w(), .activation = activation};
}

Expected<WrittenOptions> write_transpose_conv(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<TransposeConvAttributes>();
  PARE_ASSIGN(const schema::TensorType bias, bias_type(node, 2, 3));
  return written(schema::CreateTransposeConvOptions(builder, padding_type(attributes.padding), attributes.stride_w,
                                                    attributes.stride_h, activation_type(attributes.activation), bias));
}

Expected<Attributes> read_pool_2d(const OperatorView& view) {
  PARE_ASSIGN(const auto* options, options_of<schema::Pool2DOptions>(view));
  PARE_ASSIGN(const Padding padding, padding_of(options->padding()));
  PARE_ASSIGN(const Activation activation, activation_of(options->fused_activation_function()));
  return Pool2dAttributes{.padding = padding,
                          .window_h = options->filter_height(),
                          .window_w = options->filter_width(),
                          .stride_h = options->stride_h(),
                          .stride_w = options->stride_w(),
                          .activation = activation};
}

Expected<WrittenOptions> write_pool_2d(flatbuffers::FlatBufferBuilder& builder, const Node& node) {
  const auto& attributes = node.attrs<Pool2dAttributes>();
  return written(schema::CreatePool2DOptions(builder, padding_type(attributes.padding), attributes.stride_w,
                                             attributes.stride_h, attributes.window_w, attributes.window_h,
                                             activation_type(attributes.activation)));
}

}  // namespace

std::span<const OptionsMapping> convolution_options() {
  static constexpr OptionsMapping kMappings[] = {
      {"conv_2d", read_conv_2d, write_conv_2d},
      {"depthwise_conv_2d", read_depthwise_conv_2d, write_depthwise_conv_2d},
      {"transpose_conv", read_transpose_conv, write_transpose_conv},
      {"average_pool_2d", read_pool_2d, write_pool_2d},
      {"max_pool_2d", read_pool_2d, write_pool_2d},
  };
  return kMappings;
}

}  // namespace pare::tflite
