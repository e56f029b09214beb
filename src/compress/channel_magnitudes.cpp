#include "compress/channel_magnitudes.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "engine/runner.h"

namespace pare {
namespace {

constexpr int64_t kMostPlaces = 256;  // of a sample

// Sums of one thread.
class Collector {
 public:
  explicit Collector(const std::vector<const ChannelMember*>& members) : members_(members) {
    for (size_t i = 0; i < members.size(); ++i) {
      watched_[members[i]->value->name].push_back(i);
      sums_.emplace_back(members[i]->elements.size(), 0.0);
    }
    seen_.resize(members.size());
  }

  void observe(const Value& value, const float* data) {
    const auto found = watched_.find(value.name);
    if (found == watched_.end()) return;
    for (const size_t i : found->second) add(i, value.type.shape, data);
  }

  void merge(const Collector& other) {
    for (size_t i = 0; i < sums_.size(); ++i) {
      seen_[i] += other.seen_[i];
      for (size_t c = 0; c < sums_[i].size(); ++c) sums_[i][c] += other.sums_[i][c];
    }
  }

  ChannelScores means(size_t i) const {
    PARE_CHECK(seen_[i] > 0, "'{}' was not seen", members_[i]->value->name);
    ChannelScores means = sums_[i];
    for (double& each : means) each /= seen_[i];
    return means;
  }

 private:
  // Each place of each row is an observation of all channels.
  void add(size_t i, const Shape& shape, const float* data) {
    const std::vector<std::vector<int64_t>>& elements = members_[i]->elements;
    const auto per_row = static_cast<int64_t>(elements[0].size());
    const int64_t width = shape[-1], rows = shape.elements() / width, samples = std::max<int64_t>(1, shape[0]);
    const int64_t step = std::max<int64_t>(1, (rows / samples * per_row + kMostPlaces - 1) / kMostPlaces);
    for (int64_t at = 0; at < rows * per_row; at += step) {
      const float* row = data + at / per_row * width;
      const auto place = static_cast<size_t>(at % per_row);
      for (size_t c = 0; c < elements.size(); ++c) sums_[i][c] += std::abs(row[elements[c][place]]);
      seen_[i] += 1;
    }
  }

  const std::vector<const ChannelMember*>& members_;
  std::unordered_map<std::string, std::vector<size_t>> watched_;
  std::vector<std::vector<double>> sums_;  // of each member, of each channel
  std::vector<double> seen_;
};

}  // namespace

Expected<std::vector<ChannelScores>> measure_magnitudes(const Graph& graph,
                                                        const std::vector<const ChannelMember*>& members,
                                                        const SampleSource& samples, int threads) {
  PARE_ASSIGN(Runner runner, Runner::create(graph, {.threads = threads, .fuse = false}));
  std::vector<Collector> collectors(static_cast<size_t>(std::max(1, threads)), Collector(members));
  const auto observe = [&](int thread, const Value& value, const void* data) {
    if (value.type.dtype == DType::Float32)
      collectors[static_cast<size_t>(thread)].observe(value, static_cast<const float*>(data));
  };
  PARE_TRY(runner.run(
      samples, [](const Runner::Slice&) { return Expected<void>(); }, observe));
  for (size_t thread = 1; thread < collectors.size(); ++thread) collectors[0].merge(collectors[thread]);
  std::vector<ChannelScores> means;
  for (size_t i = 0; i < members.size(); ++i) means.push_back(collectors[0].means(i));
  return means;
}

const ChannelMember* source_of_reader(const ChannelGroup& group, const ChannelMember& weights) {
  for (const ChannelMember& member : group.members)
    if (member.value == weights.source && member.axis == member.value->type.shape.rank() - 1) return &member;
  return nullptr;
}

}  // namespace pare
