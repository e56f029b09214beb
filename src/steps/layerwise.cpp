#include "steps/layerwise.h"

#include <algorithm>
#include <cmath>

namespace pare {
namespace {

// Moments that are held at a time, of all threads together.
constexpr size_t kMomentBytes = size_t{1} << 30;
// Multiply-adds of all passes over the samples in which layers are fitted: a minute or two.
constexpr double kProducts = 4e12;
constexpr int64_t kHeldOut = 5;  // one sample of so many

SampleSource part_of(const SampleSource& samples, int64_t first, int64_t count) {
  return {.count = count,
          .read = [read = samples.read, first](int64_t from, int64_t size) { return read(first + from, size); }};
}

int64_t held_out_of(int64_t samples) { return std::max<int64_t>(1, samples / kHeldOut); }

}  // namespace

Gram SeenProducts::all() && {
  if (fitted.windows() == 0) return std::move(held_out);
  if (held_out.windows() > 0) fitted.merge(held_out);
  return std::move(fitted);
}

Layerwise::Layerwise(Graph& graph, Graph reference, std::vector<FittedLayer> layers, const SampleSource& samples,
                     int threads, const LayerObserver& observer)
    : graph_(graph), reference_(std::move(reference)), samples_(samples), threads_(threads), observer_(observer) {
  for (FittedLayer& each : layers) {
    Layer layer{.layer = std::move(each), .sets = {}, .options = {.threads = threads}};
    layer.sets = all_columns(layer.layer.weights.cols());
    layer.options.centred = layer.layer.makes_up_means;
    layers_.push_back(std::move(layer));
  }
}

SampleSource Layerwise::held_out(int64_t most) const {
  const int64_t count = held_out_of(samples_.count);
  return part_of(samples_, samples_.count - count, std::min(most, count));
}

Expected<std::vector<SeenProducts>> Layerwise::observe(bool paired, size_t begin, size_t end) const {
  const Graph& graph = paired ? graph_ : reference_;
  const Graph* reference = paired ? &reference_ : nullptr;
  std::vector<ObservedLayer> observed;
  for (size_t i = begin; i < end; ++i) observed.push_back(layers_[i].layer.observed(graph, layers_[i].sets));
  const int64_t held = held_out_of(samples_.count), most = samples_.count - held;
  std::vector<SeenProducts> seen(end - begin);
  if (most > 0) {
    PARE_ASSIGN(std::vector<Gram> grams,
                observe_products(graph, reference, observed, part_of(samples_, 0, most), {.threads = threads_}));
    for (size_t i = 0; i < seen.size(); ++i) seen[i].fitted = std::move(grams[i]);
  }
  PARE_ASSIGN(std::vector<Gram> grams,
              observe_products(graph, reference, observed, part_of(samples_, most, held), {.threads = threads_}));
  for (size_t i = 0; i < seen.size(); ++i) seen[i].held_out = std::move(grams[i]);
  return seen;
}

Expected<void> Layerwise::in_stages(const char* doing, bool paired, size_t most, const Visit& visit) {
  for (size_t begin = 0, end = 0; begin < layers_.size(); begin = end) {
    size_t bytes = 0;
    for (end = begin; end < layers_.size() && end - begin < most; ++end) {
      bytes += Gram::bytes(1, layers_[end].sets, paired) * static_cast<size_t>(threads_);
      if (end > begin && bytes > kMomentBytes) break;
    }
    tell(doing, begin);
    PARE_ASSIGN(std::vector<SeenProducts> seen, observe(paired, begin, end));
    for (size_t i = begin; i < end; ++i) {
      SeenProducts& products = seen[i - begin];
      if (products.fitted.windows() == 0 && products.held_out.windows() == 0) {
        // Nothing is known of what the weights meet: magnitudes decide.
        products.fitted = Gram(1, layers_[i].sets, false);
        layers_[i].options.centred = false;
      }
      PARE_TRY(visit(i, products));
      tell(doing, i);
    }
  }
  return {};
}

Expected<void> Layerwise::observe_all(const char* doing, const Visit& visit) {
  return in_stages(doing, false, layers_.size(), [&](size_t i, SeenProducts& seen) {
    layers_[i].multiply_adds = static_cast<double>(seen.fitted.positions() + seen.held_out.positions()) /
                               static_cast<double>(samples_.count) *
                               static_cast<double>(layers_[i].layer.weights.size());
    return visit(i, seen);
  });
}

Expected<void> Layerwise::fit_all(const char* doing, const Visit& visit) {
  const auto count = static_cast<double>(std::max<size_t>(1, layers_.size()));
  const double stages = std::clamp(kProducts / multiply_adds() / static_cast<double>(samples_.count), 1.0, count);
  return in_stages(doing, true, static_cast<size_t>(std::ceil(count / stages)), visit);
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
