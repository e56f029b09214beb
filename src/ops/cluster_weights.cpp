#include "ops/cluster_weights.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"

namespace pare {
namespace {

// `like`: the position of what the codes must have the shape of.
Expected<void> check_codes(const InferContext& context, size_t like, size_t centroids, size_t codes) {
  PARE_TRY(check_rank(context, centroids, "centroids", 1));
  if (context.type(codes).dtype == DType::Int32 && context.shape(codes) == context.shape(like)) return {};
  return bad_input("'codes' are {}{}, i32{} was expected", to_string(context.type(codes).dtype),
                   context.shape(codes).to_string(), context.shape(like).to_string());
}

Expected<std::vector<TensorType>> infer_forward(const InferContext& context) {
  PARE_TRY(check_codes(context, 0, 1, 2));
  return infer_as_src(context);
}

Expected<std::vector<TensorType>> infer_backward(const InferContext& context) {
  PARE_TRY(check_codes(context, 0, 1, 2));
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(1), {}}};
}

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
          "dst = centroids[codes], 0 where there is no such centroid. In training a centroid gets the sum of the gradients of its weights, or "
          "their mean (Han et al., 2016), and src gets the gradient straight through, so that weights may find another cluster.",
      .operands = {{"src", "any shape", OperandSpec::Kind::Required, true},
                   {"centroids", "K", OperandSpec::Kind::Required, true},
                   {"codes", "int32, as src; 0 to K - 1"}},
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
      .details = "dcentroids[k] = sum, or mean, of ddst where codes = k; 0 for an empty cluster.",
      .operands = {{"ddst", "any shape"}, {"centroids", "K"}, {"codes", "int32, as ddst; 0 to K - 1"}},
      .results = {{"dcentroids", "K"}},
      .infer = infer_backward,
  });
  return def;
}

}  // namespace pare
