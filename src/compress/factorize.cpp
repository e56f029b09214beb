#include "compress/factorize.h"

#include <algorithm>
#include <map>

#include "engine/evaluate.h"
#include "engine/runner.h"
#include "ops/conv_2d.h"
#include "passes/output_affine.h"
#include "passes/passes.h"
#include "passes/rewrite.h"
#include "passes/weighted.h"

namespace pare {
namespace {

constexpr int64_t kPlacesOfSample = 256;

// The matrix of outputs by inputs that weights [O, ...] are.
Eigen::Map<const WeightMatrix> matrix_of(const FactorizableLayer& layer) {
  const WeightedNode weighted = *as_weighted(layer.node);
  const auto values = layer.node->operand(weighted.weights)->data->values<float>();
  return {values.data(), layer.outputs, layer.inputs};
}

Tensor tensor_of(const WeightMatrix& matrix, Shape shape) {
  Tensor tensor(DType::Float32, std::move(shape));
  std::copy_n(matrix.data(), matrix.size(), tensor.mutable_values<float>().begin());
  return tensor;
}

// Weights with the output channels in front, each a product with everything that the layer sees at a place.
bool is_product(const WeightedNode& weighted) {
  const Node& node = *weighted.node;
  if (weighted.axis != 0) return false;
  if (node.is("fully_connected")) return true;
  return node.is("conv_2d") && node.operand(0)->type.shape[3] == node.operand(weighted.weights)->type.shape[3];
}

// The graph for one sample, and where its values went.
Expected<Graph> single_sample(const Graph& graph, Twins& mapping) {
  Graph single = graph.clone(mapping);
  bind_inputs(single, 1);
  PARE_TRY(infer_types(single));
  return single;
}

// Sums of what one layer gives, of one thread.
struct Moments {
  Eigen::MatrixXd squares;  // the lower triangle
  Eigen::VectorXd sum;
  int64_t places = 0;

  void add(const float* outputs, int64_t count, int64_t channels) {
    if (sum.size() == 0) {
      squares = Eigen::MatrixXd::Zero(channels, channels);
      sum = Eigen::VectorXd::Zero(channels);
    }
    const int64_t step = (count + kPlacesOfSample - 1) / kPlacesOfSample, taken = (count + step - 1) / step;
    Eigen::MatrixXd rows(channels, taken);
    for (int64_t i = 0; i < taken; ++i)
      rows.col(i) = Eigen::Map<const Eigen::VectorXf>(outputs + i * step * channels, channels).cast<double>();
    squares.selfadjointView<Eigen::Lower>().rankUpdate(rows);
    sum += rows.rowwise().sum();
    places += taken;
  }
  void merge(const Moments& other) {
    if (other.places == 0) return;
    if (places == 0) {
      *this = other;
      return;
    }
    squares += other.squares;
    sum += other.sum;
    places += other.places;
  }
};

// How much each output of the node counts in what follows: the scales of the batch normalisation that alone reads it, else 1.
Eigen::VectorXd scale_behind(const Graph& graph, const Node& node, int64_t outputs) {
  const auto factors = result_scale(graph, node);
  if (!factors) return Eigen::VectorXd::Ones(outputs);
  Eigen::VectorXd scale = Eigen::Map<const Eigen::VectorXf>(factors->data(), outputs).cast<double>().cwiseAbs();
  constexpr double kLeast = 1e-4;  // of the largest: an output that nothing hangs on still has a direction
  const double largest = scale.maxCoeff();
  return largest > 0 ? Eigen::VectorXd(scale.cwiseMax(kLeast * largest)) : Eigen::VectorXd::Ones(outputs);
}

// What the kept directions U miss of the mean comes back: S^-1 U U^T S (bias - mean) + mean, with S the scales.
std::vector<float> corrected_bias(const FactorizableLayer& layer, int64_t rank, const std::vector<float>& bias) {
  const auto kept = layer.main.directions.leftCols(rank);
  const Eigen::VectorXd before = Eigen::Map<const Eigen::VectorXf>(bias.data(), layer.outputs).cast<double>();
  const Eigen::VectorXd inner = kept.transpose() * (before - layer.mean).cwiseProduct(layer.scale);
  const Eigen::VectorXd after = (kept * inner).cwiseQuotient(layer.scale) + layer.mean;
  std::vector<float> corrected;
  for (const double each : after) corrected.push_back(static_cast<float>(each));
  return corrected;
}

// The weights with each output scaled as it counts.
WeightMatrix scaled_matrix_of(const FactorizableLayer& layer) {
  return layer.scale.cast<float>().asDiagonal() * matrix_of(layer);
}

// Few places tell little of many outputs: what the weights alone say stands in for what is missing.
void take_directions(const Moments& moments, FactorizableLayer& layer) {
  const auto count = static_cast<double>(moments.places), outputs = static_cast<double>(layer.outputs);
  layer.mean = moments.sum / count;
  Eigen::MatrixXd covariance = moments.squares.selfadjointView<Eigen::Lower>();
  covariance = covariance / count - layer.mean * layer.mean.transpose();
  covariance = layer.scale.asDiagonal() * covariance * layer.scale.asDiagonal();
  const Eigen::MatrixXd weights = scaled_matrix_of(layer).cast<double>();
  Eigen::MatrixXd prior = weights * weights.transpose();
  if (prior.trace() > 0) prior *= covariance.trace() / prior.trace();
  const double share = outputs / (outputs + count);
  layer.main = main_directions(Eigen::MatrixXd((1 - share) * covariance + share * prior));
}

// As the layer, but for a window of one place.
void make_pointwise(Node& node) {
  if (!node.is("conv_2d")) return;
  Conv2dAttributes pointwise;
  pointwise.activation = node.attrs<Conv2dAttributes>().activation;
  node.attributes = pointwise;
}

}  // namespace

RankChoice FactorizableLayer::choice() const {
  RankChoice choice;
  const int64_t full = std::min(outputs, inputs);
  for (int64_t rank = 0; rank <= full; ++rank) choice.kept.push_back(main.kept(rank));
  choice.full_cost = static_cast<double>(multiply_adds);
  choice.cost_of_rank =
      choice.full_cost / static_cast<double>(outputs * inputs) * static_cast<double>(outputs + inputs);
  return choice;
}

Expected<int64_t> multiply_adds_of_sample(const Graph& graph) {
  Twins mapping;
  PARE_ASSIGN(const Graph single, single_sample(graph, mapping));
  int64_t sum = 0;
  for (const auto& node : single.nodes()) sum += node->op().cost(*node).multiply_adds;
  return sum;
}

Expected<std::vector<FactorizableLayer>> factorizable_layers(const Graph& graph, const std::vector<Node*>& nodes) {
  Twins mapping;
  PARE_ASSIGN(const Graph single, single_sample(graph, mapping));
  std::vector<FactorizableLayer> layers;
  for (Node* node : nodes) {
    const std::optional<WeightedNode> weighted = as_weighted(node);
    if (!weighted || !is_product(*weighted)) continue;
    const Shape& shape = node->operand(weighted->weights)->type.shape;
    FactorizableLayer layer{.node = node, .outputs = shape[0], .inputs = shape.elements(1, shape.rank())};
    const Node& one = *mapping.at(node->result())->producer;
    if (!one.result()->type.shape.is_static())
      return Failure(Error{ErrorCode::Unsupported, "the extents of its result are known only at run time",
                           describe(*node), nullptr});
    layer.multiply_adds = one.op().cost(one).multiply_adds;
    if (layer.outputs < 2 || layer.inputs < 2 || layer.multiply_adds == 0) continue;
    layers.push_back(std::move(layer));
  }
  for (FactorizableLayer& layer : layers) {
    layer.scale = scale_behind(graph, *layer.node, layer.outputs);
    layer.main = main_directions(scaled_matrix_of(layer));
  }
  return layers;
}

Expected<void> observe_outputs(const Graph& graph, const SampleSource& samples, int threads,
                               std::vector<FactorizableLayer>& layers) {
  if (samples.count == 0) return bad_input("there are no samples, at least one was expected");
  Twins mapping;
  Graph probe = graph.clone(mapping);
  PARE_TRY(split_activations(probe, evaluate));
  std::map<std::string, size_t> watched;
  for (size_t i = 0; i < layers.size(); ++i) watched.emplace(mapping.at(layers[i].node->result())->name, i);
  std::vector<std::vector<Moments>> gathered(static_cast<size_t>(std::max(1, threads)),
                                             std::vector<Moments>(layers.size()));
  const std::string first_input = probe.inputs.front()->name;
  std::vector<int64_t> slice(gathered.size(), 1);
  PARE_ASSIGN(Runner runner, Runner::create(probe, {.threads = threads, .fuse = false}));
  const auto observe = [&](int thread, const Value& value, const void* data) {
    const Shape& shape = value.type.shape;
    if (value.name == first_input) slice[static_cast<size_t>(thread)] = std::max<int64_t>(1, shape[0]);
    const auto found = watched.find(value.name);
    if (found == watched.end()) return;
    const int64_t channels = layers[found->second].outputs, count = shape.elements() / channels;
    const int64_t of_sample = count / std::min(count, slice[static_cast<size_t>(thread)]);
    for (int64_t at = 0; at + of_sample <= count; at += of_sample)
      gathered[static_cast<size_t>(thread)][found->second].add(static_cast<const float*>(data) + at * channels,
                                                               of_sample, channels);
  };
  PARE_TRY(runner.run(
      samples, [](const Runner::Slice&) -> Expected<void> { return {}; }, observe));
  for (size_t i = 0; i < layers.size(); ++i) {
    Moments all;
    for (const auto& of_thread : gathered) all.merge(of_thread[i]);
    if (all.places == 0) continue;  // a layer that nothing hangs on
    if (!all.sum.allFinite())
      return bad_input("the output of {} is not finite for some sample; check the samples and their preprocessing",
                       describe(*layers[i].node));
    take_directions(all, layers[i]);
  }
  return {};
}

Expected<void> factorize_layer(Graph& graph, const FactorizableLayer& layer, int64_t rank) {
  const WeightedNode weighted = *as_weighted(layer.node);
  LowRankProduct product = low_rank_product(scaled_matrix_of(layer), layer.main, rank);
  product.second = layer.scale.cwiseInverse().cast<float>().asDiagonal() * product.second;
  const std::string name = layer.node->name;
  Shape first_shape = layer.node->operand(weighted.weights)->type.shape, second_shape = first_shape;
  first_shape[0] = rank;
  for (int i = 1; i < second_shape.rank(); ++i) second_shape[i] = i + 1 == second_shape.rank() ? rank : 1;
  if (layer.mean.size() > 0) set_bias(graph, weighted, corrected_bias(layer, rank, bias_of(weighted)));
  Value* first_weights = graph.add_constant(name + "/first_weights", tensor_of(product.first, first_shape));
  std::vector<Value*> operands(std::max(weighted.weights, weighted.bias) + 1, nullptr);
  operands[0] = layer.node->operand(0);
  operands[weighted.weights] = first_weights;
  PARE_ASSIGN(Value * inner, insert_before(graph, layer.node, layer.node->op().name, layer.node->attributes,
                                           std::move(operands), name + "/first"));
  set_activation(*inner->producer, Activation::None);
  layer.node->operands[0] = inner;
  set_weights(graph, weighted, tensor_of(product.second, second_shape));
  make_pointwise(*layer.node);
  return {};
}

}  // namespace pare
