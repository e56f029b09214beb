#include "steps/layerwise.h"

#include <algorithm>
#include <cmath>

namespace pare {
namespace {

// Moments that are held at a time, of all threads together.
constexpr size_t kMomentBytes = size_t{1} << 30;
// Whose moments with each other are kept.
constexpr int64_t kMostColumns = 4096;
// Multiply-adds of all passes over the samples in which layers are fitted: a minute or two.
constexpr double kProducts = 4e12;
constexpr int64_t kHeldOut = 5;  // one sample of so many

SampleSource part_of(const SampleSource& samples, int64_t first, int64_t count) {
  return {.count = count,
          .read = [read = samples.read, first](int64_t from, int64_t size) { return read(first + from, size); }};
}

int64_t held_out_of(int64_t samples) { return std::max<int64_t>(1, samples / kHeldOut); }

}  // namespace

Layerwise::Layerwise(Graph& graph, Graph reference, std::vector<FittedLayer> layers, const SampleSource& samples,
                     int threads, const LayerObserver& observer)
    : graph_(graph), reference_(std::move(reference)), samples_(samples), threads_(threads), observer_(observer) {
  for (FittedLayer& each : layers) {
    Layer layer{.layer = std::move(each), .sets = {}, .options = {.threads = threads}};
    layer.sets = neighbouring_columns(layer.layer.weights.cols(), kMostColumns);
    layer.options.centred = layer.layer.makes_up_means;
    layers_.push_back(std::move(layer));
  }
}

SampleSource Layerwise::held_out(int64_t most) const {
  const int64_t count = held_out_of(samples_.count);
  return part_of(samples_, samples_.count - count, std::min(most, count));
}

Expected<std::vector<Gram>> Layerwise::observe(bool paired, size_t begin, size_t end,
                                               const SampleSource& samples) const {
  const Graph& graph = paired ? graph_ : reference_;
  std::vector<ObservedLayer> observed;
  for (size_t i = begin; i < end; ++i) observed.push_back(layers_[i].layer.observed(graph, layers_[i].sets));
  if (samples.count == 0) return std::vector<Gram>(end - begin);
  return observe_products(graph, paired ? &reference_ : nullptr, observed, samples, {.threads = threads_});
}

Expected<void> Layerwise::in_stages(const char* doing, bool paired, size_t most,
                                    const std::function<Expected<void>(size_t, size_t)>& observe_stage,
                                    const std::function<Expected<void>(size_t)>& visit) const {
  for (size_t begin = 0, end = 0; begin < layers_.size(); begin = end) {
    size_t bytes = 0;
    for (end = begin; end < layers_.size() && end - begin < most; ++end) {
      const FittedLayer& layer = layers_[end].layer;
      bytes += Gram::bytes(1, layers_[end].sets, paired ? layer.weights.rows() : 0) * static_cast<size_t>(threads_);
      if (end > begin && bytes > kMomentBytes) break;
    }
    tell(doing, begin);
    PARE_TRY(observe_stage(begin, end));
    for (size_t i = begin; i < end; ++i) {
      PARE_TRY(visit(i));
      tell(doing, i);
    }
  }
  return {};
}

void Layerwise::see_nothing(size_t layer, Gram& gram) {
  gram = Gram(1, layers_[layer].sets);
  layers_[layer].options.centred = false;
}

Expected<void> Layerwise::observe_all(const char* doing, const Visit& visit) {
  const int64_t held = held_out_of(samples_.count), most = samples_.count - held;
  std::vector<Gram> fitted, rest;
  size_t first = 0;
  const auto observe_stage = [&](size_t begin, size_t end) -> Expected<void> {
    first = begin;
    PARE_ASSIGN(fitted, observe(false, begin, end, part_of(samples_, 0, most)));
    PARE_ASSIGN(rest, observe(false, begin, end, part_of(samples_, most, held)));
    return {};
  };
  return in_stages(doing, false, layers_.size(), observe_stage, [&](size_t i) {
    SeenProducts seen{std::move(fitted[i - first]), std::move(rest[i - first])};
    Layer& layer = layers_[i];
    layer.multiply_adds = static_cast<double>(seen.fitted.positions() + seen.held_out.positions()) /
                          static_cast<double>(samples_.count) * static_cast<double>(layer.layer.weights.size());
    if (seen.fitted.windows() == 0) std::swap(seen.fitted, seen.held_out);  // of a single sample
    if (seen.fitted.windows() == 0) see_nothing(i, seen.fitted);
    return visit(i, seen);
  });
}

Expected<void> Layerwise::fit_all(const char* doing, const Fit& fit) {
  const auto count = static_cast<double>(std::max<size_t>(1, layers_.size()));
  const double stages = std::clamp(kProducts / multiply_adds() / static_cast<double>(samples_.count), 1.0, count);
  std::vector<Gram> seen;
  size_t first = 0;
  const auto observe_stage = [&](size_t begin, size_t end) -> Expected<void> {
    first = begin;
    PARE_ASSIGN(seen, observe(true, begin, end, samples_));
    return {};
  };
  return in_stages(doing, true, static_cast<size_t>(std::ceil(count / stages)), observe_stage, [&](size_t i) {
    Gram& gram = seen[i - first];
    if (gram.windows() == 0) see_nothing(i, gram);
    return fit(i, gram);
  });
}

Expected<void> Layerwise::choose_dampings(const MakeWeights& make) {
  return observe_all("looking at layers", [&](size_t i, const SeenProducts& seen) -> Expected<void> {
    auto& [layer, sets, options, multiply_adds] = layers_[i];
    const auto made = [&](const LayerOptions& tried) { return make(i, seen.fitted, tried); };
    options.damping = choose_damping(seen.fitted, seen.held_out, layer.weights, options, made);
    return {};
  });
}

void Layerwise::put(size_t layer, const Gram& seen, const RowMatrix& weights) {
  const FittedLayer& was = layers_[layer].layer;
  graph_.find_value(was.constant)->data = was.tensor(weights);
  if (layers_[layer].options.centred) take_back(graph_, was, mean_shift(seen, was.weights, weights));
}

double Layerwise::multiply_adds() const {
  double sum = 0;
  for (const Layer& each : layers_) sum += each.multiply_adds;
  return std::max(1.0, sum);
}

void Layerwise::tell(const char* doing, size_t layer) const {
  if (observer_) observer_(doing, layer, layers_.size());
}

}  // namespace pare
