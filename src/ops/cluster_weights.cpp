#include "ops/cluster_weights.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

// Of both directions: weights or their gradient, centroids, codes, scales.
Expected<void> check_operands(const InferContext& context) {
  PARE_TRY(check_rank(context, 1, "centroids", 1));
  const Shape &weights = context.shape(0), &codes = context.shape(2);
  if (context.type(2).dtype != DType::Int32 || codes != weights)
    return bad_input("'codes' are {}{}, i32{} was expected", to_string(context.type(2).dtype), codes.to_string(),
                     weights.to_string());
  if (!context.has(3)) return {};
  const int64_t axis = context.attributes.as<ClusterWeightsAttributes>().axis;
  if (axis >= 0 && axis < weights.rank() && context.shape(3) == Shape{weights[static_cast<int>(axis)]}) return {};
  return bad_input("'scales' are {} for axis {} of {}", context.shape(3).to_string(), axis, weights.to_string());
}

Expected<std::vector<TensorType>> infer_forward(const InferContext& context) {
  PARE_TRY(check_operands(context));
  return infer_as_src(context);
}

Expected<std::vector<TensorType>> infer_backward(const InferContext& context) {
  PARE_TRY(check_operands(context));
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(1), {}}};
}

const OperandSpec kScales{"scales", "[S] for S slices along `axis`; 1 where absent", OperandSpec::Kind::Optional};

OpDef clustering(OpDef def) {
  def.attributes = ClusterWeightsAttributes{};
  def.cost = [](const Node& node) { return Cost{0, node.operands[0]->type.shape.elements()}; };
  def.quantization = not_quantized("it stands for clustering in float networks");
  def.in_tflite = false;
  return def;
}

}  // namespace

const OpDef& op_cluster_weights() {
  static const OpDef def = clustering({
      .name = "cluster_weights",
      .summary = "In the place of each weight the centroid of its cluster.",
      .details =
          "dst = scales * centroids[codes], 0 where there is no such centroid. With a scale for each channel the centroids are those of the "
          "integer codes. In training a centroid gets the sum of the gradients of its weights, or "
          "their mean (Han et al., 2016), and src gets the gradient straight through, so that weights may find another cluster.",
      .operands = {{"src", "any shape", OperandSpec::Kind::Required, true},
                   {"centroids", "K", OperandSpec::Kind::Required, true},
                   {"codes", "int32, as src; 0 to K - 1"},
                   kScales},
      .results = {{"dst", "as src"}},
      .infer = infer_forward,
      .traits = {.weight_transform = WeightTransform::Codebook},
  });
  return def;
}

const OpDef& op_cluster_weights_backward() {
  static const OpDef def = clustering({
      .name = "cluster_weights_backward",
      .summary = "The gradient of the centroids of cluster_weights.",
      .details = "dcentroids[k] = sum, or mean, of scales * ddst where codes = k; 0 for an empty cluster.",
      .operands = {{"ddst", "any shape"}, {"centroids", "K"}, {"codes", "int32, as ddst; 0 to K - 1"}, kScales},
      .results = {{"dcentroids", "K"}},
      .infer = infer_backward,
  });
  return def;
}

}  // namespace pare
