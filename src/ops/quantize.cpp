#include "ops/quantize.h"

#include "ir/graph.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<std::vector<TensorType>> infer_quantize(const InferContext& context) {
  const TensorType& src = context.type(0);
  const DType dtype = context.attributes.as<QuantizeAttributes>().dtype;
  if (src.dtype != DType::Float32 && !src.is_quantized())
    return bad_input("'src' is {}, f32 or a quantised type was expected", to_string(src.dtype));
  if (!is_integer(dtype)) return bad_input("attribute dtype is {}, an integer type was expected", to_string(dtype));
  return std::vector<TensorType>{{dtype, src.shape, {}}};
}

Expected<std::vector<TensorType>> infer_dequantize(const InferContext& context) {
  const TensorType& src = context.type(0);
  if (src.dtype != DType::Float16 && !src.is_quantized())
    return bad_input("'src' is {}, f16 or a quantised type was expected", to_string(src.dtype));
  return std::vector<TensorType>{{DType::Float32, src.shape, {}}};
}

Cost cost(const Node& node) { return {0, node.result()->type.shape.elements()}; }

}  // namespace

const OpDef& op_quantize() {
  static const OpDef def{
      .name = "quantize",
      .summary = "Real numbers to quantised integers, or one quantised type to another.",
      .details =
          "dst = clamp(round(src / scale) + zero_point) with the parameters of dst, ties away from zero. A quantised src is rescaled with "
          "fixed-point arithmetic.",
      .operands = {{"src", "float32 or quantised, any shape"}},
      .results = {{"dst", "as src, of type `dtype`"}},
      .attributes = QuantizeAttributes{},
      .infer = infer_quantize,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::Border},
      .channels = channels_elementwise,
      .traits = {.elementwise = true},
  };
  return def;
}

const OpDef& op_dequantize() {
  static const OpDef def{
      .name = "dequantize",
      .summary = "Quantised integers or float16 to float32.",
      .details =
          "dst = scale * (src - zero_point) with the parameters of src, which may differ along an axis; float16 is widened.",
      .operands = {{"src", "quantised or float16, any shape"}},
      .results = {{"dst", "float32, as src"}},
      .attributes = NoAttributes{},
      .infer = infer_dequantize,
      .cost = cost,
      .quantization = {.scales = QuantRule::Scales::Border},
      .channels = channels_elementwise,
      .traits = {.elementwise = true},
  };
  return def;
}

}  // namespace pare
