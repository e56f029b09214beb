#include "ops/cluster_weights.h"

#include "ir/graph.h"
#include "ops/checks.h"
#include "ops/rules.h"
#include "ops/soft_cluster_weights.h"

namespace pare {
namespace {

// Of weights or their gradient: codes at operand 2, and what may be there of scales.
Expected<void> check_codes(const InferContext& context, size_t scales, int64_t axis) {
  const Shape &weights = context.shape(0), &codes = context.shape(2);
  if (context.type(2).dtype != DType::Int32 || codes != weights)
    return bad_input("'codes' are {}{}, i32{} was expected", to_string(context.type(2).dtype), codes.to_string(),
                     weights.to_string());
  if (!context.has(scales)) return {};
  if (axis >= 0 && axis < weights.rank() && context.shape(scales) == Shape{weights[static_cast<int>(axis)]}) return {};
  return bad_input("'scales' are {} for axis {} of {}", context.shape(scales).to_string(), axis, weights.to_string());
}

Expected<void> check_hard(const InferContext& context) {
  PARE_TRY(check_rank(context, 1, "centroids", 1));
  return check_codes(context, 3, context.attributes.as<ClusterWeightsAttributes>().axis);
}

Expected<std::vector<TensorType>> infer_forward(const InferContext& context) {
  PARE_TRY(check_hard(context));
  return infer_as_src(context);
}

Expected<std::vector<TensorType>> infer_backward(const InferContext& context) {
  PARE_TRY(check_hard(context));
  return std::vector<TensorType>{{context.type(0).dtype, context.shape(1), {}}};
}

// Tables of one size, of which there is one for each channel or one in all.
Expected<void> check_soft(const InferContext& context, int64_t centroids) {
  const auto& attributes = context.attributes.as<SoftClusterWeightsAttributes>();
  PARE_TRY(check_codes(context, 4, attributes.axis));
  PARE_TRY(check_positive({{"iterations", attributes.iterations}}));
  if (context.shape(3) != Shape{1})
    return bad_input("'temperature' has the shape {}, [1] was expected", context.shape(3).to_string());
  if (!attributes.by_channel) return {};
  PARE_ASSIGN(const int axis, check_axis(attributes.axis, context.shape(0).rank()));
  const int64_t channels = context.shape(0)[axis];
  if (channels > 0 && centroids % channels == 0) return {};
  return bad_input("there are {} centroids for {} channels, as many for each were expected", centroids, channels);
}

Expected<std::vector<TensorType>> infer_soft(const InferContext& context) {
  PARE_TRY(check_rank(context, 1, "centroids", 1));
  const int64_t centroids = context.shape(1)[0];
  PARE_TRY(check_soft(context, centroids));
  const int64_t iterations = context.attributes.as<SoftClusterWeightsAttributes>().iterations;
  const DType dtype = context.type(0).dtype;
  return std::vector<TensorType>{{dtype, context.shape(0), {}},
                                 {dtype, context.shape(1), {}},
                                 {DType::Int32, context.shape(0), {}},
                                 {dtype, Shape{iterations + 1, 2, centroids}, {}}};
}

Expected<std::vector<TensorType>> infer_soft_backward(const InferContext& context) {
  PARE_TRY(check_rank(context, 1, "course", 3));
  PARE_TRY(check_soft(context, context.shape(1)[2]));
  const int64_t iterations = context.attributes.as<SoftClusterWeightsAttributes>().iterations;
  if (context.shape(1)[0] != iterations + 1 || context.shape(1)[1] != 2)
    return bad_input("'course' is {} for {} iterations, [{},2,K] was expected", context.shape(1).to_string(),
                     iterations, iterations + 1);
  if (context.shape(5) != context.shape(0))
    return bad_input("'src' is {}, {} was expected", context.shape(5).to_string(), context.shape(0).to_string());
  return infer_as_src(context);
}

const OperandSpec kScales{"scales", "[S] for S slices along `axis`; 1 where absent", OperandSpec::Kind::Optional},
    kTemperature{"temperature", "1; more than 0"};

OpDef clustering(OpDef def, Attributes attributes = ClusterWeightsAttributes{}) {
  def.attributes = std::move(attributes);
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

const OpDef& op_soft_cluster_weights() {
  static const OpDef def = clustering(
      {
          .name = "soft_cluster_weights",
          .summary =
              "In the place of each weight its shares of all centroids, which are the means of their shares of the weights.",
          .details =
              "The step of training of DKM (Cho et al., 2022). a[i,k] = softmax over k of -|src[i] / scales - centroids[k]| / (temperature * d), where d is the "
              "mean distance between neighbouring centroids of the table. centroids'[k] = sum of m * a[i,k] * src[i] / scales over sum of m * a[i,k], m = scales^2, "
              "again and again from the new centroids on, until they stand still within 0.001 d or `iterations` are over; one that next to no weight has a share of "
              "stays. Then dst[i] = scales * sum of a[i,k] * centroids'[k], and codes' are the numbers of the nearest. A weight whose code is negative is in "
              "no cluster: it stays 0 and keeps its code. The gradient of src goes through all iterations; centroids count as constants, for they "
              "are where the step before ended.",
          .operands = {{"src", "any shape"},
                       {"centroids", "K, table behind table with `by_channel`"},
                       {"codes", "int32, as src; negative: in no cluster"},
                       kTemperature,
                       kScales},
          .results =
              {{"dst", "as src"},
               {"centroids'", "K"},
               {"codes'", "int32, as src; 0 to K - 1, or negative"},
               {"course",
                "iterations + 1,2,K: the centroids before and after each iteration, and the sum of m * a that each is "
                "a mean over, 0 where it stayed"}},
          .infer = infer_soft,
      },
      SoftClusterWeightsAttributes{});
  return def;
}

const OpDef& op_soft_cluster_weights_backward() {
  static const OpDef def = clustering(
      {
          .name = "soft_cluster_weights_backward",
          .summary = "The gradient of the weights of soft_cluster_weights.",
          .details = "Shares are computed anew from `course`, so that none are kept from the forward pass.",
          .operands = {{"ddst", "any shape"},
                       {"course", "iterations + 1,2,K, of soft_cluster_weights"},
                       {"codes", "int32, as ddst; negative: in no cluster"},
                       kTemperature,
                       kScales,
                       {"src", "as ddst"}},
          .results = {{"dsrc", "as ddst"}},
          .infer = infer_soft_backward,
      },
      SoftClusterWeightsAttributes{});
  return def;
}

}  // namespace pare
