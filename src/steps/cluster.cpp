#include "steps/cluster.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "passes/inline_composites.h"
#include "steps/fit_codebooks.h"
#include "train/weight_transforms.h"

namespace pare {
namespace {

// What the course of a run hangs on beside what train() knows of.
std::map<std::string, std::string> settings_of(const ClusteringOptions& options) {
  const CodebookOptions& codebook = options.codebook;
  return {{"clusters", std::to_string(codebook.clusters)},
          {"start", std::string(to_string(codebook.start))},
          {"scope", std::string(to_string(codebook.scope))},
          {"entropy", std::to_string(codebook.entropy)},
          {"assignment", fmt::format("{} {}", to_string(options.assignment), options.temperature)},
          {"gradient", std::string(to_string(options.gradient))},
          {"every", fmt::format("{} until {}", options.every, options.freeze)},
          {"biases", options.biases ? "yes" : "no"},
          {"weights", to_string(options.choice)}};
}

struct Clustered {
  Model model;
  std::vector<ClusteredWeights> weights;
};

Expected<Clustered> with_codebooks(const Model& model, const ClusterOptions& options) {
  Clustered made{.model = model.clone()};
  PARE_TRY(inline_composites(made.model));
  PARE_ASSIGN(made.weights, insert_codebooks(made.model.main(), options.clustering, options.train.threads));
  return made;
}

// The centroid of each weight.
Tensor centroids_of(const Node& codebook) {
  const auto centroids = codebook.operand(1)->data->values<float>();
  Tensor values(DType::Float32, codebook.result()->type.shape);
  std::ranges::transform(codebook.operand(2)->data->values<int32_t>(), values.mutable_values<float>().begin(),
                         [&](int32_t code) { return code == kZeroCode ? 0.f : centroids[static_cast<size_t>(code)]; });
  return values;
}

double relative_error(const Tensor& before, const Tensor& after) {
  double off = 0, all = 0;
  for (size_t i = 0; i < before.values<float>().size(); ++i) {
    const double was = before.values<float>()[i], is = after.values<float>()[i];
    off += (is - was) * (is - was);
    all += was * was;
  }
  return all > 0 ? std::sqrt(off / all) : 0;
}

// `before`: the weights as they were.
Expected<ClusteredLayer> layer_of(const Graph& network, const ClusteredWeights& clustered, const Tensor& before) {
  const Node& codebook = *network.find_value(clustered.codebook)->producer;
  PARE_ASSIGN(const Tensor after, transformed(*codebook.result()));
  const Tensor values = centroids_of(codebook);
  return ClusteredLayer{
      .layer = clustered.layer,
      .shape = before.shape(),
      .statistics = weight_statistics({DType::Float32, values.shape(), {}}, values,
                                      static_cast<int>(codebook.attrs<ClusterWeightsAttributes>().axis)),
      .scaled = codebook.operand(3) != nullptr,
      .relative_error = relative_error(before, after)};
}

Expected<std::vector<ClusteredLayer>> layers_of(const Graph& network, const Clustered& before) {
  std::vector<ClusteredLayer> layers;
  for (const ClusteredWeights& each : before.weights) {
    PARE_ASSIGN(const Tensor weights,
                transformed(*before.model.main().find_value(each.codebook)->producer->operand(0)));
    PARE_ASSIGN(ClusteredLayer layer, layer_of(network, each, weights));
    layers.push_back(std::move(layer));
  }
  return layers;
}

}  // namespace

Expected<ClusterResult> cluster(const Model& model, const ClusterOptions& options) {
  PARE_ASSIGN(Clustered clustered, with_codebooks(model, options));
  ClusterResult result;
  PARE_ASSIGN(result.layers, layers_of(clustered.model.main(), clustered));
  result.model = std::move(clustered.model);
  return result;
}

Expected<ClusterResult> cluster(const Model& model, const SampleSource& samples, const ClusterOptions& options,
                                const LayerObserver& observer) {
  PARE_ASSIGN(const Clustered clustered, with_codebooks(model, options));
  ClusterResult result;
  result.model = clustered.model.clone();
  PARE_TRY(fit_codebooks(result.model.main(), clustered.weights, options.clustering.codebook, samples,
                         options.train.threads, observer));
  PARE_ASSIGN(result.layers, layers_of(result.model.main(), clustered));
  return result;
}

Expected<ClusterResult> cluster(const Model& model, const DataSet& set, const ClusterOptions& options,
                                const TrainObserver& observer) {
  PARE_ASSIGN(const Clustered clustered, with_codebooks(model, options));
  const Clusterer clusterer(clustered.model.main(), clustered.weights, options.clustering);
  TrainOptions training = options.train;
  training.settings = settings_of(options.clustering);
  training.dropout = false;  // few values are noise enough
  if (options.clustering.assignment == ClusterAssignment::Soft)
    for (const ClusteredWeights& each : clustered.weights) training.soft_clusters.insert(each.weights);
  training.before_step = [&](Trainer& trainer, int64_t steps) { return clusterer.before_step(trainer, steps); };
  PARE_TRY(teach_itself(model, set, options.teaching, training));
  ClusterResult result;
  PARE_ASSIGN(result.training, train(clustered.model, set, training, observer));
  result.model = result.training->model.clone();
  PARE_ASSIGN(result.layers, layers_of(result.model.main(), clustered));
  return result;
}

}  // namespace pare
