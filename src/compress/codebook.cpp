#include "compress/codebook.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/random.h"
#include "compress/k_means.h"

namespace pare {
namespace {

// The weights that share a table: where they lie, divided by their scales, and how much each counts.
struct Members {
  std::vector<size_t> places;
  std::vector<float> values, importance;
};

size_t channel_of(const CodebookLayout& layout, size_t place) {
  if (layout.shape.rank() == 0) return 0;
  const int64_t inner = layout.shape.elements(layout.axis + 1, layout.shape.rank());
  return static_cast<size_t>(static_cast<int64_t>(place) / inner % layout.channels());
}

std::vector<Members> members_of(std::span<const float> weights, std::span<const float> importance,
                                const CodebookLayout& layout, bool keeps_zeros) {
  std::vector<Members> tables(layout.by_channel ? static_cast<size_t>(layout.channels()) : 1);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (keeps_zeros && weights[i] == 0) continue;
    const size_t channel = channel_of(layout, i);
    const float scale = layout.scales.empty() ? 1.f : layout.scales[channel];
    Members& members = tables[layout.by_channel ? channel : 0];
    members.places.push_back(i);
    members.values.push_back(weights[i] / scale);
    // An error of a value is so many times larger in the weight.
    if (!importance.empty() || !layout.scales.empty())
      members.importance.push_back((importance.empty() ? 1.f : importance[i]) * scale * scale);
  }
  return tables;
}

std::vector<float> quantiles(std::vector<float> values, int64_t count) {
  std::ranges::sort(values);
  std::vector<float> found;
  for (int64_t k = 0; k < count; ++k)
    found.push_back(values[static_cast<size_t>((2 * k + 1) * static_cast<int64_t>(values.size()) / (2 * count))]);
  return found;
}

std::vector<float> seeds(const std::vector<float>& values, int64_t count, Random& random) {
  std::vector<float> found{values[static_cast<size_t>(random.below(static_cast<int64_t>(values.size())))]};
  std::vector<double> distances(values.size(), std::numeric_limits<double>::infinity());
  while (static_cast<int64_t>(found.size()) < count) {
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const double off = static_cast<double>(values[i]) - found.back();
      distances[i] = std::min(distances[i], off * off);
      sum += distances[i];
    }
    if (sum == 0) break;  // each value has its centroid
    double left = random.uniform() * sum;
    size_t chosen = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (distances[i] == 0) continue;
      chosen = i;
      if ((left -= distances[i]) < 0) break;
    }
    found.push_back(values[chosen]);
  }
  return found;
}

std::vector<float> first_centroids(const Members& members, int64_t count, const CodebookOptions& options,
                                   Random& random, int threads) {
  if (members.values.empty()) return {};
  const auto [low, high] = std::ranges::minmax(members.values);
  std::vector<float> found;
  switch (options.start) {
    case CentroidStart::KMeans: return k_means(members.values, members.importance, count, threads).centroids;
    case CentroidStart::Linear:
      for (int64_t k = 0; k < count; ++k)
        found.push_back(count == 1 ? (low + high) / 2
                                   : low + (high - low) * static_cast<float>(k) / static_cast<float>(count - 1));
      break;
    case CentroidStart::Random:
      for (int64_t k = 0; k < count; ++k) found.push_back(random.uniform(low, high));
      break;
    case CentroidStart::Density: found = quantiles(members.values, count); break;
    case CentroidStart::Seeding: found = seeds(members.values, count, random); break;
  }
  std::ranges::sort(found);
  const auto [first, last] = std::ranges::unique(found);
  found.erase(first, last);
  return found;
}

// Entropy-constrained clustering, Chou, Lookabaugh and Gray (1989): each weight takes the centroid of the least error plus price of the bits that
// its code takes, centroids become means, until little changes.
void trade_for_entropy(const Members& members, double entropy, std::vector<float>& centroids,
                       std::vector<int32_t>& codes) {
  constexpr int kRounds = 20;
  const auto weight_of = [&](size_t i) { return members.importance.empty() ? 1. : members.importance[i]; };
  const double price = entropy * clustering_error(members.values, members.importance, {centroids, codes}) /
                       static_cast<double>(std::max<size_t>(1, codes.size()));
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> count(centroids.size(), 0), weight(centroids.size(), 0), sum(centroids.size(), 0);
    for (size_t i = 0; i < codes.size(); ++i) {
      const auto code = static_cast<size_t>(codes[i]);
      count[code] += 1;
      weight[code] += weight_of(i);
      sum[code] += weight_of(i) * members.values[i];
    }
    std::vector<double> bits(centroids.size());
    for (size_t k = 0; k < centroids.size(); ++k) {
      bits[k] = std::log2(static_cast<double>(codes.size()) / std::max(count[k], 1e-9));
      if (weight[k] > 0) centroids[k] = static_cast<float>(sum[k] / weight[k]);
    }
    bool changed = false;
    for (size_t i = 0; i < codes.size(); ++i) {
      const auto cost = [&](size_t k) {
        const double off = static_cast<double>(members.values[i]) - centroids[k];
        return weight_of(i) * off * off + price * bits[k];
      };
      size_t best = static_cast<size_t>(codes[i]);
      for (size_t k = 0; k < centroids.size(); ++k)
        if (cost(k) < cost(best)) best = k;
      changed |= best != static_cast<size_t>(codes[i]);
      codes[i] = static_cast<int32_t>(best);
    }
    if (!changed) return;
  }
}

}  // namespace

Expected<void> check_codebook(const CodebookOptions& options, bool keeps_zeros) {
  if (options.clusters < 1) return usage_error("{} clusters; at least 1 was expected", options.clusters);
  if (keeps_zeros && options.clusters < 2)
    return usage_error(
        "the weights have zeros that are kept, so 1 value would make all of them zero; ask for at least 2");
  return {};
}

Codebook make_codebook(std::span<const float> weights, std::span<const float> importance, const CodebookLayout& layout,
                       bool keeps_zeros, const CodebookOptions& options, int threads) {
  const int64_t in_table = options.clusters - (keeps_zeros ? 1 : 0);
  const std::vector<Members> tables = members_of(weights, importance, layout, keeps_zeros);
  Codebook made{.codes = std::vector<int32_t>(weights.size(), kZeroCode)};
  Random random(options.seed);
  for (const Members& members : tables) {
    std::vector<float> centroids = first_centroids(members, in_table, options, random, threads);
    std::vector<int32_t> codes(members.values.size());
    for (size_t i = 0; i < codes.size(); ++i) codes[i] = nearest_centroid(centroids, members.values[i]);
    if (options.entropy > 0) trade_for_entropy(members, options.entropy, centroids, codes);
    const auto first = static_cast<int32_t>(made.centroids.size());
    for (size_t i = 0; i < codes.size(); ++i) made.codes[members.places[i]] = first + codes[i];
    // Tables of one size: copies of the last centroid, which no weight has for its own.
    if (layout.by_channel) centroids.resize(static_cast<size_t>(in_table), centroids.empty() ? 0.f : centroids.back());
    made.centroids.insert(made.centroids.end(), centroids.begin(), centroids.end());
  }
  if (made.centroids.empty()) made.centroids.push_back(0);  // of a tensor of zeros; no code points to it
  return made;
}

int32_t SortedTable::nearest(float value) const { return codes[static_cast<size_t>(nearest_centroid(values, value))]; }

std::vector<SortedTable> sorted_tables(std::span<const float> centroids, int64_t tables) {
  const size_t in_table = centroids.size() / static_cast<size_t>(tables);
  std::vector<SortedTable> sorted(static_cast<size_t>(tables));
  int32_t first = 0;
  for (SortedTable& table : sorted) {
    table.codes.resize(in_table);
    std::iota(table.codes.begin(), table.codes.end(), first);
    const auto value_of = [&](int32_t code) { return centroids[static_cast<size_t>(code)]; };
    std::ranges::stable_sort(table.codes, {}, value_of);
    std::ranges::transform(table.codes, std::back_inserter(table.values), value_of);
    first += static_cast<int32_t>(in_table);
  }
  return sorted;
}

void assign_codes(std::span<const float> weights, std::span<const float> centroids, const CodebookLayout& layout,
                  std::span<int32_t> codes) {
  const std::vector<SortedTable> tables = sorted_tables(centroids, layout.by_channel ? layout.channels() : 1);
  for (size_t i = 0; i < weights.size(); ++i) {
    if (codes[i] == kZeroCode) continue;
    const size_t channel = layout.by_channel || !layout.scales.empty() ? channel_of(layout, i) : 0;
    const float scale = layout.scales.empty() ? 1.f : layout.scales[channel];
    codes[i] = tables[layout.by_channel ? channel : 0].nearest(weights[i] / scale);
  }
}

}  // namespace pare
