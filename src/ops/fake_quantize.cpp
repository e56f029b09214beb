#include "ops/fake_quantize.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/updates.h"

namespace pare {
namespace {

Expected<void> check_bits(int64_t bits) {
  if (bits >= 2 && bits <= 16) return {};
  return bad_input("{} bits; 2 to 16 were expected", bits);
}

// `first`: the position of src, behind which scales and zero points stand. Gives the number of scales.
Expected<int64_t> check_parameters(const InferContext& context, size_t first) {
  const auto& attributes = context.attributes.as<FakeQuantizeAttributes>();
  PARE_TRY(check_bits(attributes.bits));
  const Shape& src = context.shape(first);
  PARE_TRY(check_rank(context, first + 1, "log2_scale", 1));
  const int64_t scales = context.shape(first + 1)[0];
  if (context.has(first + 3) && context.shape(first + 3) != Shape{1})
    return bad_input("'damping' has the shape {}, [1] was expected", context.shape(first + 3).to_string());
  if (context.has(first + 2) && context.shape(first + 2) != context.shape(first + 1))
    return bad_input("'zero_point' has the shape {}, [{}] was expected", context.shape(first + 2).to_string(), scales);
  if (scales == 1) return 1;
  if (attributes.axis < 0 || attributes.axis >= src.rank() || src[static_cast<int>(attributes.axis)] != scales)
    return bad_input("there are {} scales for axis {} of {}", scales, attributes.axis, src.to_string());
  return scales;
}

Expected<std::vector<TensorType>> infer_forward(const InferContext& context) {
  PARE_TRY(check_parameters(context, 0));
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(0), {}}};
}

Expected<std::vector<TensorType>> infer_backward(const InferContext& context) {
  PARE_ASSIGN(const int64_t scales, check_parameters(context, 1));
  if (!context.shape(1).compatible_with(context.shape(0)))
    return bad_input("'ddst' is {} and 'src' {}, one shape was expected", context.shape(0).to_string(),
                     context.shape(1).to_string());
  const DType dtype = context.type(0).dtype;
  const int64_t parts = scales == 1 ? kFakeQuantizeParts : 1;
  return std::vector<TensorType>{{dtype, context.shape(0), {}}, {dtype, Shape{parts, scales}, {}}};
}

Expected<void> check_range(const InferContext& context) {
  if (context.shape(0) == Shape{2}) return {};
  return bad_input("'range' has the shape {}, [2] was expected: both ends", context.shape(0).to_string());
}

Expected<std::vector<TensorType>> infer_parameters(const InferContext& context) {
  PARE_TRY(check_range(context));
  PARE_TRY(check_bits(context.attributes.as<RangeParametersAttributes>().bits));
  const TensorType one{context.type(0).dtype, Shape{1}, {}};
  return std::vector<TensorType>{one, one};
}

Expected<std::vector<TensorType>> infer_moving(const InferContext& context) {
  PARE_TRY(check_range(context));
  return std::vector<TensorType>{{context.type(0).dtype, Shape{2}, {}}};
}

Cost cost_of_one_operand(const Node& node, size_t operand) {
  return {0, 4 * node.operands[operand]->type.shape.elements()};
}

const OperandSpec kScale{"log2_scale", "[1], or [S] for S slices along `axis`", OperandSpec::Kind::Required, true},
    kZeroPoint{"zero_point", "as log2_scale, whole numbers; 0 where absent", OperandSpec::Kind::Optional},
    kDamping{"damping", "1; in training only, 0 where absent", OperandSpec::Kind::Optional};

OpDef for_training(OpDef def) {
  def.quantization = not_quantized("it stands for quantisation in float networks");
  def.in_tflite = false;
  return def;
}

}  // namespace

FakeCodes fake_codes(int64_t bits, bool symmetric) {
  const auto count = static_cast<float>(int64_t{1} << bits);
  return symmetric ? FakeCodes{1 - count / 2, count / 2 - 1} : FakeCodes{0, count - 1};
}

const OpDef& op_fake_quantize() {
  static const OpDef def = for_training({
      .name = "fake_quantize",
      .summary = "Rounds to the numbers that a quantised tensor can hold, in float.",
      .details =
          "dst = scale * (clamp(round(src / scale) + zero_point, codes) - zero_point) with scale = 2^log2_scale; halves round to even, or "
          "with `halves_away` to the stored code that is farther from 0, where halves are what float means within 2^-10 of them. "
          "In training the gradient passes where src is not clipped (Jacob et al., 2018), and log2_scale learns by `step`: from rounding and "
          "clipping (Esser et al., 2020, in the logarithmic form of Jain et al., 2020), or from clipping (Choi et al., 2018). `damping` draws "
          "src towards dst, as the loss damping * sum of (src - dst)^2 would with dst held still (Nagel et al., 2022).",
      .operands = {{"src", "any shape"}, kScale, kZeroPoint, kDamping},
      .results = {{"dst", "as src"}},
      .attributes = FakeQuantizeAttributes{},
      .infer = infer_forward,
      .cost = [](const Node& node) { return cost_of_one_operand(node, 0); },
      .traits = {.elementwise = true, .weight_transform = WeightTransform::Rounding},
  });
  return def;
}

const OpDef& op_fake_quantize_backward() {
  static const OpDef def = for_training({
      .name = "fake_quantize_backward",
      .summary = "The gradients of fake_quantize, as training takes them.",
      .details =
          "dsrc = ddst + 2 * damping * (src - dst) where src is not clipped, else 0. dlog2_scale = ln(2) * scale * sum of ddst * d, where d is the outermost code "
          "without zero_point for what is clipped, and round(src / scale) - src / scale (0 with step = clip) for the rest. The rows of "
          "dlog2_scale are sums over parts of src, to be added up.",
      .operands = {{"ddst", "as src"}, {"src", "any shape"}, kScale, kZeroPoint, kDamping},
      .results = {{"dsrc", "as src"}, {"dlog2_scale", "P,S"}},
      .attributes = FakeQuantizeAttributes{},
      .infer = infer_backward,
      .cost = [](const Node& node) { return cost_of_one_operand(node, 0); },
  });
  return def;
}

const OpDef& op_range_parameters() {
  static const OpDef def = for_training({
      .name = "range_parameters",
      .summary = "Scale and zero point of fake_quantize for a range.",
      .details =
          "The range is widened to hold 0, and its ends move together so that 0 is one of the numbers. With `symmetric` the larger end "
          "counts for both and zero_point is 0.",
      .operands = {{"range", "2: the lower and the upper end"}},
      .results = {{"log2_scale", "1"}, {"zero_point", "1"}},
      .attributes = RangeParametersAttributes{},
      .infer = infer_parameters,
      .cost = cost_nothing,
  });
  return def;
}

const OpDef& op_moving_range() {
  static const OpDef def = for_training({
      .name = "moving_range",
      .summary = "A step of an exponential moving average of the least and the largest element.",
      .details = "range' = momentum * range + (1 - momentum) * [min(src), max(src)]",
      .operands = {{"range", "2: the lower and the upper end"}, {"src", "any shape"}},
      .results = {{"range'", "as range"}},
      .attributes = MovingAverageAttributes{},
      .infer = infer_moving,
      .cost = [](const Node& node) { return cost_of_one_operand(node, 1); },
  });
  return def;
}

}  // namespace pare
