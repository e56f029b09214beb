#include "steps/fit_codebooks.h"

#include "compress/fit_codebook.h"
#include "compress/obs.h"
#include "ir/weight_chain.h"
#include "ops/cluster_weights.h"
#include "quant/roles.h"

namespace pare {
namespace {

constexpr int kRounds = 3;  // of codes, and values for them

// The codebook of a layer in the network.
Node& codebook_node(Graph& network, const ClusteredWeights& clustered) {
  return *network.find_value(clustered.codebook)->producer;
}

// As the network was.
Graph without_codebooks(const Graph& network, const std::vector<ClusteredWeights>& clustered) {
  Graph reference = network.clone();
  for (const ClusteredWeights& each : clustered) {
    const Node& node = codebook_node(reference, each);
    reference.replace_uses(node.result(), node.operands[0]);
  }
  return reference;
}

bool is_of_weights(const Graph& network, const ClusteredWeights& clustered) {
  return std::ranges::any_of(network.nodes(), [&](const auto& node) {
    const std::optional<size_t> at = roles_of(*node).weights;
    return at && untransformed(node->operand(*at))->name == clustered.weights;
  });
}

class CodebookFit {
 public:
  CodebookFit(Graph& network, std::vector<ClusteredWeights> clustered, std::vector<FittedLayer> layers,
              const CodebookOptions& options, const SampleSource& samples, int threads, const LayerObserver& observer)
      : network_(network),
        clustered_(std::move(clustered)),
        options_(options),
        layerwise_(network, without_codebooks(network, clustered_), std::move(layers), samples, threads, observer) {}

  Expected<void> run() {
    PARE_TRY(layerwise_.choose_dampings([&](size_t i, const Gram& gram, const LayerOptions& options) {
      return rounded_to_codebook(gram, layerwise_.layers()[i].layer.weights, options, start(i));
    }));
    return layerwise_.fit_all("fitting values", [&](size_t i, const Gram& gram) -> Expected<void> {
      fit(i, gram);
      return {};
    });
  }

 private:
  // As insert_codebooks() made it, by the weights alone.
  RowCodebook start(size_t i) {
    const Node& node = codebook_node(network_, clustered_[i]);
    const FittedLayer& layer = layerwise_.layers()[i].layer;
    const auto centroids = node.operand(1)->data->values<float>();
    const auto codes = node.operand(2)->data->values<int32_t>();
    const MatrixLayout layout(layer.shape, layer.axis);
    RowCodebook book{.centroids = {centroids.begin(), centroids.end()},
                     .codes = {layout.rows, layout.columns()},
                     .by_row = node.attrs<ClusterWeightsAttributes>().by_channel,
                     .scales = {}};
    layout.for_each([&](int64_t row, int64_t column, size_t at) { book.codes(row, column) = codes[at]; });
    if (node.operand(3) != nullptr) {
      const auto scales = node.operand(3)->data->values<float>();
      book.scales.assign(scales.begin(), scales.end());
    }
    return book;
  }

  // Values that are best for weights by how much each counts at the output of the layer.
  void begin_with_k_means(const FittedLayer& layer, const Gram& gram, const LayerOptions& options,
                          const RowMatrix& fitted, RowCodebook& book) const {
    RowMatrix importance(fitted.rows(), fitted.cols());
    const int64_t rows_in_group = fitted.rows() / gram.groups();
    for (int64_t group = 0; group < gram.groups(); ++group)
      for (size_t set = 0; set < gram.sets().size(); ++set) {
        const RowMatrix moments = gram.moments(group, set, options.centred);
        const Eigen::VectorXd counts = moments.diagonal() + damping_of(moments, options.damping);
        for (int64_t row = group * rows_in_group; row < (group + 1) * rows_in_group; ++row)
          for (size_t i = 0; i < gram.sets()[set].size(); ++i)
            importance(row, gram.sets()[set][i]) =
                counts[static_cast<Eigen::Index>(i)] * layer.scales[static_cast<size_t>(row)];
      }
    importance /= std::max(importance.mean(), 1e-30);
    const Tensor weights = layer.tensor(fitted), counts = layer.tensor(importance);
    const CodebookLayout layout{layer.shape, layer.axis, book.by_row, book.scales};
    const bool zeros = (book.codes.array() == kZeroCode).any();
    const Codebook made =
        make_codebook(weights.values<float>(), counts.values<float>(), layout, zeros, options_, options.threads);
    book.centroids = made.centroids;
  }

  void fit(size_t i, const Gram& gram) {
    const auto& [layer, sets, options, multiply_adds] = layerwise_.layers()[i];
    RowCodebook book = start(i);
    const RowMatrix fitted = fit_layer(gram, layer.weights, book, options);
    const bool is_common = options_.scope == CodebookScope::Network;  // the centroids are others', too
    if (!is_common) begin_with_k_means(layer, gram, options, fitted, book);
    for (int round = 0; round < kRounds; ++round) {
      round_to_codebook(gram, fitted, options, book);
      if (is_common)
        refit_scales(gram, layer.weights, options, book);
      else
        refit_centroids(gram, layer.weights, layer.scales, options, book);
    }
    put(i, book);
    layerwise_.put(i, gram, book.values());
  }

  void put(size_t i, const RowCodebook& book) {
    const FittedLayer& layer = layerwise_.layers()[i].layer;
    Node& node = codebook_node(network_, clustered_[i]);
    Tensor codes(DType::Int32, layer.shape);
    const auto numbers = codes.mutable_values<int32_t>();
    MatrixLayout(layer.shape, layer.axis).for_each([&](int64_t row, int64_t column, size_t at) {
      numbers[at] = book.codes(row, column);
    });
    node.operand(2)->data = std::move(codes);
    if (node.operand(3) != nullptr) node.operand(3)->data = Tensor::vector(book.scales);
    Value* centroids = node.operands[1];  // there may be fewer than before
    centroids->data = Tensor::vector(book.centroids);
    centroids->type.shape = centroids->data->shape();
  }

  Graph& network_;
  std::vector<ClusteredWeights> clustered_;  // of each layer
  const CodebookOptions& options_;
  Layerwise layerwise_;
};

}  // namespace

Expected<void> fit_codebooks(Graph& network, const std::vector<ClusteredWeights>& clustered,
                             const CodebookOptions& options, const SampleSource& samples, int threads,
                             const LayerObserver& observer) {
  std::vector<ClusteredWeights> fitted;
  std::vector<FittedLayer> layers;
  for (const ClusteredWeights& each : clustered) {
    if (!is_of_weights(network, each)) continue;
    PARE_ASSIGN(FittedLayer layer, fitted_layer(network, each.layer, each.weights));
    layers.push_back(std::move(layer));
    fitted.push_back(each);
  }
  CodebookFit fit(network, std::move(fitted), std::move(layers), options, samples, threads, observer);
  return fit.run();
}

}  // namespace pare
