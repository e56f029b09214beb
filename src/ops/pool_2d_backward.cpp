#include "ops/pool_2d_backward.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

Expected<Shape> src_of(const InferContext& context, size_t ddst_at) {
  const auto& attributes = context.attributes.as<Pool2dBackwardAttributes>();
  PARE_TRY(check_rank(context, ddst_at, "ddst", 4));
  PARE_TRY(check_positive({{"window_h", attributes.window_h},
                           {"window_w", attributes.window_w},
                           {"stride_h", attributes.stride_h},
                           {"stride_w", attributes.stride_w},
                           {"height", attributes.height},
                           {"width", attributes.width}}));
  const Shape& ddst = context.shape(ddst_at);
  const Pool2dAttributes forward = attributes.forward();
  const Shape expected{ddst[0], output_extent(attributes.height, forward.h(), forward.padding),
                       output_extent(attributes.width, forward.w(), forward.padding), ddst[3]};
  if (!ddst.compatible_with(expected))
    return bad_input("'ddst' is {}, the pooling gives {}", ddst.to_string(), expected.to_string());
  return Shape{ddst[0], attributes.height, attributes.width, ddst[3]};
}

Expected<std::vector<TensorType>> infer_average(const InferContext& context) {
  PARE_ASSIGN(Shape src, src_of(context, 0));
  return std::vector<TensorType>{{context.type(0).dtype, std::move(src), {}}};
}

Expected<std::vector<TensorType>> infer_max(const InferContext& context) {
  PARE_ASSIGN(const Shape src, src_of(context, 1));
  if (!context.shape(0).compatible_with(src))
    return bad_input("'src' is {}, {} was expected", context.shape(0).to_string(), src.to_string());
  return std::vector<TensorType>{{context.type(0).dtype, src, {}}};
}

}  // namespace

const OpDef& op_average_pool_2d_backward() {
  static const OpDef def{
      .name = "average_pool_2d_backward",
      .summary = "Gradient of average_pool_2d.",
      .details = "Each element of ddst goes in equal parts to the elements of src in its window.",
      .operands = {{"ddst", "N,H',W',C"}},
      .results = {{"dsrc", "N,height,width,C"}},
      .attributes = Pool2dBackwardAttributes{},
      .infer = infer_average,
      .cost = cost_per_element,
      .quantization = not_quantized(kOnlyTraining),
      .in_tflite = false,
  };
  return def;
}

const OpDef& op_max_pool_2d_backward() {
  static const OpDef def{
      .name = "max_pool_2d_backward",
      .summary = "Gradient of max_pool_2d.",
      .details = "Each element of ddst goes to the largest element of src in its window, the first of them row by row.",
      .operands = {{"src", "N,height,width,C"}, {"ddst", "N,H',W',C"}},
      .results = {{"dsrc", "as src"}},
      .attributes = Pool2dBackwardAttributes{},
      .infer = infer_max,
      .cost = cost_per_element,
      .quantization = not_quantized(kOnlyTraining),
      .in_tflite = false,
  };
  return def;
}

}  // namespace pare
