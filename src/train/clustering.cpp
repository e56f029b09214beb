#include "train/clustering.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "engine/evaluate.h"
#include "passes/pipeline.h"
#include "quant/channels.h"
#include "quant/roles.h"
#include "train/deployed_node.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

// An operand that gets a codebook.
struct Place {
  Node* node;
  size_t operand;
  int axis;         // of the output channels
  bool is_weights;  // not a bias
};

std::vector<Place> places_of(const std::vector<ChosenWeights>& chosen, bool biases) {
  std::vector<Place> places;
  for (const ChosenWeights& each : chosen) {
    places.push_back({each.node, each.operand, output_axis(each), true});
    const std::optional<size_t> bias = roles_of(*each.node).bias;
    if (biases && bias && untransformed(each.node->operand(*bias))->is_constant())
      places.push_back({each.node, *bias, 0, false});
  }
  return places;
}

// Takes the codebook out; the weights become what they were behind it.
Expected<void> forget_codebook(Graph& network, Value* weights, Value* end_of_chain) {
  Node* node = chain_node(end_of_chain, WeightTransform::Codebook);
  if (node == nullptr) return {};
  PARE_ASSIGN(Tensor values, transformed(*node->result()));
  network.replace_uses(node->result(), node->operand(0));
  weights->data = std::move(values);
  network.remove_dead();
  return {};
}

// In steps of which the weights of a channel are counted: as large as they are on the whole, with the sign that folding gives them.
std::vector<float> channel_scales(const Tensor& weights, int axis, const std::vector<float>& factors) {
  std::vector<double> squares(factors.size(), 0), count(factors.size(), 0);
  for_each_run(weights.shape(), axis, [&](size_t channel, size_t first, size_t length) {
    for (const float value : weights.values<float>().subspan(first, length)) {
      squares[channel] += static_cast<double>(value) * value;
      count[channel] += value != 0;
    }
  });
  double sum = 0, scaled = 0;
  for (size_t c = 0; c < squares.size(); ++c) {
    squares[c] = std::sqrt(squares[c] / std::max(1., count[c]));
    if (squares[c] > 0) {
      sum += squares[c];
      scaled += 1;
    }
  }
  const double mean = scaled == 0 ? 1 : sum / scaled;
  std::vector<float> scales;
  for (size_t c = 0; c < squares.size(); ++c)
    scales.push_back(static_cast<float>(squares[c] > 0 ? squares[c] : mean) * (factors[c] < 0 ? -1.f : 1.f));
  return scales;
}

// Around 1 on average, so that centroids of one tensor are as large as its weights.
void divide_by_mean(std::vector<float>& scales) {
  double sum = 0;
  for (const float scale : scales) sum += std::abs(scale);
  for (float& scale : scales) scale = static_cast<float>(scale * static_cast<double>(scales.size()) / sum);
}

bool keeps_zeros(const Value* end_of_chain, std::span<const float> weights, int64_t clusters) {
  if (chain_node(end_of_chain, WeightTransform::Mask) != nullptr) return true;
  const int64_t zeros = std::ranges::count(weights, 0.f);
  return zeros > 0 && zeros * clusters >= static_cast<int64_t>(weights.size());
}

Expected<void> check_soft(const CodebookOptions& options) {
  if (options.clusters > kMostSoftClusters)
    return usage_error("{} clusters; each weight has a share of each with soft assignment, so at most {} were expected",
                       options.clusters, kMostSoftClusters);
  if (options.scope == CodebookScope::Network)
    return usage_error(
        "with soft assignment values are means of the weights of one tensor, which those of the scope 'network' are not; "
        "the scope 'integer' was expected");
  return {};
}

class Inserter {
 public:
  Inserter(Graph& network, const ClusteringOptions& options, int threads)
      : network_(network), options_(options), threads_(threads) {}

  Expected<void> prepare(const std::vector<Place>& places) {
    for (const Place& place : places) {
      Value* end = place.node->operands[place.operand];
      if (chain_node(end, WeightTransform::Rounding) != nullptr)
        return usage_error("the model is the training form of a quantised one; cluster first, then train for integers");
      PARE_TRY(forget_codebook(network_, untransformed(end), end));
    }
    if (!has_scales(options_.codebook.scope)) return {};
    deployed_ = network_.clone();
    PARE_TRY(run_pipeline(deployed_, Pipeline::Canonical, [](const Node& node) { return evaluate(node); }));
    return options_.codebook.scope == CodebookScope::Network ? add_common_codebook(places) : Expected<void>();
  }

  Expected<ClusteredWeights> insert(const Place& place) {
    const Value* weights = untransformed(place.node->operand(place.operand));
    const std::string name = weights->name;
    if (network_.find_value(name + "/codes") == nullptr) PARE_TRY(add_codebook(place, name));
    Value* centroids = is_common(place) ? common_centroids_ : network_.find_value(name + "/centroids");
    std::vector<Value*> parameters{centroids, network_.find_value(name + "/codes")};
    if (Value* scales = network_.find_value(name + "/scales")) parameters.push_back(scales);
    const ClusterWeightsAttributes attributes{
        .gradient = options_.gradient, .axis = place.axis, .by_channel = is_by_channel(place)};
    PARE_ASSIGN(const Node* made, insert_weight_transform(network_, *place.node, place.operand, "cluster_weights",
                                                          attributes, parameters, name + "/clustered"));
    return ClusteredWeights{place.node->name, name, made->result()->name};
  }

 private:
  bool is_by_channel(const Place& place) const {
    return place.is_weights && options_.codebook.scope == CodebookScope::Channel;
  }

  bool is_common(const Place& place) const {
    return place.is_weights && options_.codebook.scope == CodebookScope::Network;
  }

  std::vector<float> scales_of(const Place& place, const Tensor& weights) const {
    if (!place.is_weights || !has_scales(options_.codebook.scope)) return {};
    const std::vector<float> factors = folded_factors(network_, *place.node, place.operand, deployed_);
    std::vector<float> scales = channel_scales(weights, place.axis, factors);
    if (!is_common(place)) divide_by_mean(scales);
    return scales;
  }

  // One table for the weights of all places, each in steps of its channel.
  Expected<void> add_common_codebook(const std::vector<Place>& places) {
    struct Part {
      std::string name;
      Shape shape;
      std::vector<float> scales;
      size_t first;
    };
    std::vector<Part> parts;
    std::vector<float> all;
    bool zeros = false;
    for (const Place& place : places) {
      const Value* end = place.node->operand(place.operand);
      const std::string& name = untransformed(end)->name;
      if (!place.is_weights || std::ranges::find(parts, name, &Part::name) != parts.end()) continue;
      PARE_ASSIGN(const Tensor weights, transformed(*end));
      const auto values = weights.values<float>();
      Part part{name, weights.shape(), scales_of(place, weights), all.size()};
      all.insert(all.end(), values.begin(), values.end());
      for_each_run(part.shape, place.axis, [&](size_t channel, size_t first, size_t length) {
        for (float& each : std::span(all).subspan(part.first + first, length)) each /= part.scales[channel];
      });
      zeros |= keeps_zeros(end, values, options_.codebook.clusters);
      parts.push_back(std::move(part));
    }
    PARE_TRY(check_codebook(options_.codebook, zeros));
    const CodebookLayout layout{Shape{static_cast<int64_t>(all.size())}};
    const Codebook made = make_codebook(all, {}, layout, zeros, options_.codebook, threads_);
    common_centroids_ = network_.add_constant("common/centroids", Tensor::vector(made.centroids));
    for (const Part& part : parts) {
      const auto codes = made.codes.begin() + static_cast<std::ptrdiff_t>(part.first);
      add_codes(part.name, part.shape, {codes, codes + part.shape.elements()}, part.scales);
    }
    return {};
  }

  void add_codes(const std::string& name, const Shape& shape, const std::vector<int32_t>& codes,
                 const std::vector<float>& scales) {
    network_.add_constant(name + "/codes", Tensor::of<int32_t>(shape, codes));
    if (!scales.empty()) network_.add_constant(name + "/scales", Tensor::vector(scales));
  }

  // Centroids, codes and scales as constants.
  Expected<void> add_codebook(const Place& place, const std::string& name) {
    const Value* end = place.node->operand(place.operand);
    PARE_ASSIGN(const Tensor weights, transformed(*end));
    const std::vector<float> scales = scales_of(place, weights);
    const CodebookLayout layout{weights.shape(), place.axis, is_by_channel(place), scales};
    const bool zeros = keeps_zeros(end, weights.values<float>(), options_.codebook.clusters);
    PARE_TRY(check_codebook(options_.codebook, zeros));
    const Codebook made = make_codebook(weights.values<float>(), {}, layout, zeros, options_.codebook, threads_);
    network_.add_constant(name + "/centroids", Tensor::vector(made.centroids));
    add_codes(name, weights.shape(), made.codes, scales);
    return {};
  }

  Graph& network_;
  const ClusteringOptions& options_;
  int threads_;
  Graph deployed_;                     // as it will run; where scales are asked for
  Value* common_centroids_ = nullptr;  // where all weights have one table
};

}  // namespace

Expected<std::vector<ClusteredWeights>> insert_codebooks(Graph& network, const ClusteringOptions& options,
                                                         int threads) {
  PARE_TRY(check_codebook(options.codebook, false));
  if (options.assignment == ClusterAssignment::Soft) PARE_TRY(check_soft(options.codebook));
  PARE_ASSIGN(const std::vector<ChosenWeights> chosen, chosen_weights(network, options.choice, "cluster"));
  const std::vector<Place> places = places_of(chosen, options.biases);
  Inserter inserter(network, options, threads);
  PARE_TRY(inserter.prepare(places));
  std::vector<ClusteredWeights> clustered;
  for (const Place& place : places) {
    PARE_ASSIGN_IN(ClusteredWeights made, inserter.insert(place), place.node->name);
    if (std::ranges::find(clustered, made.weights, &ClusteredWeights::weights) == clustered.end())
      clustered.push_back(std::move(made));
  }
  return clustered;
}

std::vector<ClusteredWeights> codebooks_of(const Graph& network) {
  std::vector<ClusteredWeights> found;
  for (const auto& node : network.nodes())
    for (const Value* operand : node->operands) {
      if (operand == nullptr || node->op().traits.weight_transform != WeightTransform::None) continue;
      const Node* codebook = chain_node(operand, WeightTransform::Codebook);
      if (codebook == nullptr) continue;
      const std::string& weights = untransformed(operand)->name;
      if (std::ranges::find(found, weights, &ClusteredWeights::weights) == found.end())
        found.push_back({node->name, weights, codebook->result()->name});
    }
  return found;
}

int64_t values_in_table(const Node& codebook) {
  const auto& attributes = codebook.attrs<ClusterWeightsAttributes>();
  const Shape& weights = codebook.result()->type.shape;
  return codebook.operand(1)->type.shape[0] / (attributes.by_channel ? weights[static_cast<int>(attributes.axis)] : 1);
}

namespace {

// The step of each table in which its largest centroid is the largest integer.
std::vector<float> table_steps(const Node& codebook, int bits) {
  const auto centroids = codebook.operand(1)->data->values<float>();
  const auto in_table = static_cast<size_t>(values_in_table(codebook));
  std::vector<float> steps;
  for (size_t first = 0; first < centroids.size(); first += in_table) {
    float largest = 0;
    for (const float each : centroids.subspan(first, in_table)) largest = std::max(largest, std::abs(each));
    steps.push_back(weight_scale(largest, bits));
  }
  return steps;
}

}  // namespace

std::vector<float> integer_steps(const Node& codebook, int bits) {
  std::vector<float> steps = table_steps(codebook, bits);
  if (codebook.operand(3) == nullptr) return steps;
  const float unscaled = steps.front();
  steps.clear();
  for (const float scale : codebook.operand(3)->data->values<float>()) steps.push_back(unscaled * std::abs(scale));
  return steps;
}

void settle_centroids(Node& codebook, std::span<const float> steps) {
  const auto centroids = codebook.operand(1)->data->mutable_values<float>();
  const size_t in_table = centroids.size() / steps.size();
  for (size_t k = 0; k < centroids.size(); ++k) {
    const float step = steps[k / in_table];
    centroids[k] = std::nearbyint(centroids[k] / step) * step;
  }
}

void settle_centroids(Graph& network, const QuantConfig& config) {
  struct Settled {
    Node* codebook;
    int bits;  // of the finest integers of those that read these centroids
  };
  std::unordered_map<const Value*, Settled> found;
  for (const auto& node : network.nodes()) {
    const std::optional<size_t> at = roles_of(*node).weights;
    Node* codebook = at ? chain_node(node->operands[*at], WeightTransform::Codebook) : nullptr;
    if (codebook == nullptr) continue;
    Settled& settled = found.try_emplace(codebook->operand(1), Settled{codebook, 0}).first->second;
    settled.bits = std::max(settled.bits, weight_bits_of(config, node->name));
  }
  for (const auto& [centroids, settled] : found)
    settle_centroids(*settled.codebook, table_steps(*settled.codebook, settled.bits));
}

Expected<KnownParameters> clustered_parameters(const Graph& network, const Graph& deployed, const QuantConfig& config) {
  KnownParameters known;
  for (const auto& node : network.nodes()) {
    const std::optional<size_t> at = roles_of(*node).weights;
    const Node* codebook = at ? chain_node(node->operand(*at), WeightTransform::Codebook) : nullptr;
    const Node* there = codebook == nullptr ? nullptr : deployed_node(network, *node, deployed);
    if (there == nullptr) continue;
    PARE_ASSIGN(const Tensor weights, transformed(*codebook->result()));
    const int bits = weight_bits_of(config, there->name);
    const std::vector<float> steps = integer_steps(*codebook, bits);
    KnownWeights of_node{channel_magnitudes(weights, node->op().quantization.weights_axis), bits};
    for (size_t c = 0; c < of_node.largest_codes.size(); ++c)
      of_node.largest_codes[c] /= steps[steps.size() == 1 ? 0 : c];
    known.weights[key_of(*there)] = std::move(of_node);
  }
  return known;
}

double cluster_temperature_at(double first, int64_t step, int64_t steps) {
  constexpr double kLast = 0.01;
  return first * std::pow(kLast, static_cast<double>(step) / static_cast<double>(std::max<int64_t>(steps, 1)));
}

Clusterer::Clusterer(const Graph& network, const std::vector<ClusteredWeights>& clustered,
                     const ClusteringOptions& options)
    : assignment_(options.assignment),
      temperature_(options.temperature),
      every_(options.every),
      freeze_(options.freeze) {
  for (const ClusteredWeights& each : clustered) {
    const Node& node = *network.find_value(each.codebook)->producer;
    const auto& attributes = node.attrs<ClusterWeightsAttributes>();
    const Node* mask = chain_node(node.operand(0), WeightTransform::Mask);
    Table table{each.weights,
                mask == nullptr ? "" : mask->operand(1)->name,
                node.operand(1)->name,
                node.operand(2)->name,
                node.result()->type.shape,
                static_cast<int>(attributes.axis),
                attributes.by_channel,
                {}};
    if (node.operand(3) != nullptr) {
      const auto scales = node.operand(3)->data->values<float>();
      table.scales.assign(scales.begin(), scales.end());
    }
    tables_.push_back(std::move(table));
  }
}

Expected<void> Clusterer::before_step(Trainer& trainer, int64_t steps) const {
  const int64_t step = trainer.steps();
  if (assignment_ == ClusterAssignment::Soft) {
    trainer.cool(cluster_temperature_at(temperature_, step, steps));
    return {};
  }
  const bool is_time =
      every_ > 0 && step > 0 && step % every_ == 0 && static_cast<double>(step) < freeze_ * static_cast<double>(steps);
  return is_time ? assign(trainer) : Expected<void>();
}

Expected<void> Clusterer::assign(Trainer& trainer) const {
  for (const Table& table : tables_) {
    const Tensor *weights = trainer.carried(table.weights), *centroids = trainer.carried(table.centroids);
    Tensor* codes = trainer.carried(table.codes);
    if (weights == nullptr || centroids == nullptr || codes == nullptr) continue;  // frozen: they stay
    const auto numbers = codes->mutable_values<int32_t>();
    if (!table.mask.empty()) {
      const auto mask = trainer.carried(table.mask)->values<float>();
      for (size_t i = 0; i < numbers.size(); ++i)
        if ((mask[i] == 0) != (numbers[i] == kZeroCode)) numbers[i] = mask[i] == 0 ? kZeroCode : 0;
    }
    assign_codes(weights->values<float>(), centroids->values<float>(),
                 {table.shape, table.axis, table.by_channel, table.scales}, numbers);
  }
  return {};
}

}  // namespace pare
