#include "ops/dropout.h"

#include "base/plausible_shape.h"
#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/tied_channels.h"

namespace pare {
namespace {

Expected<void> check_rate(float rate) {
  if (rate >= 0 && rate < 1) return {};
  return bad_input("the rate is {}, a number from 0 to below 1 was expected", rate);
}

Expected<std::vector<TensorType>> infer_dropout(const InferContext& context) {
  PARE_TRY(check_rate(context.attributes.as<DropoutAttributes>().rate));
  return infer_as_src(context);
}

Expected<std::vector<TensorType>> infer_mask(const InferContext& context) {
  const auto& attributes = context.attributes.as<RandomMaskAttributes>();
  PARE_TRY(check_rate(attributes.rate));
  if (context.type(0).dtype != DType::Int32 || context.shape(0) != Shape{1})
    return bad_input("'step' is {}{}, i32[1] was expected", to_string(context.type(0).dtype),
                     context.shape(0).to_string());
  const Shape shape(attributes.shape);
  if (shape.rank() > kMostDimensions || !shape.is_static() || !is_plausible(shape))
    return bad_input("the mask has the shape {}, known extents were expected", shape.to_string());
  return std::vector<TensorType>{{DType::Float32, shape, {}}};
}

}  // namespace

const OpDef& op_dropout() {
  static const OpDef def{
      .name = "dropout",
      .summary = "What it gets; in training, with some elements set to zero.",
      .details =
          "A training step multiplies by a random_mask of the same rate. Everywhere else it does nothing, and remove_identities takes it "
          "away. With per_channel, channels of a sample are dropped as a whole. Srivastava et al. (2014).",
      .operands = {{"src", "any shape"}},
      .results = {{"dst", "as src"}},
      .attributes = DropoutAttributes{},
      .infer = infer_dropout,
      .cost = cost_nothing,
      .quantization = same_scales({0}),
      .channels = channels_elementwise,
      .traits = {.moves_data = true, .view = true},
      .in_tflite = false,
  };
  return def;
}

const OpDef& op_random_mask() {
  static const OpDef def{
      .name = "random_mask",
      .summary = "Zeros at random, else what keeps the mean at 1.",
      .details =
          "A share `rate` of the elements is 0, the others are 1 / (1 - rate). Which ones is a function of seed, step and place alone: an "
          "element's number, mixed as in splitmix64 (Steele, Lea and Flood 2014).",
      .operands = {{"step", "int32, one element"}},
      .results = {{"mask", "float32, of the shape that is given"}},
      .attributes = RandomMaskAttributes{},
      .infer = infer_mask,
      .cost = cost_per_element,
      .quantization = not_quantized(kOnlyTraining),
      .in_tflite = false,
  };
  return def;
}

}  // namespace pare
