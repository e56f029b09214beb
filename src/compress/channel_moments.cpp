#include "compress/channel_moments.h"

#include <algorithm>
#include <unordered_map>

#include "engine/runner.h"

namespace pare {
namespace {

constexpr int64_t kMostPlaces = 256;  // of a sample

// Sums of one thread for one member.
struct Sums {
  double rows = 0;
  Eigen::VectorXd magnitude, mean;
  Eigen::MatrixXd second;
};

class Collector {
 public:
  Collector(const std::vector<const ChannelMember*>& members, bool second) : members_(members), second_(second) {
    for (size_t i = 0; i < members.size(); ++i) watched_[members[i]->value->name].push_back(i);
    sums_.resize(members.size());
  }

  void observe(const Value& value, const float* data) {
    const auto found = watched_.find(value.name);
    if (found == watched_.end()) return;
    for (const size_t i : found->second) add(*members_[i], value.type.shape, data, sums_[i]);
  }
  Sums& sums(size_t i) { return sums_[i]; }

 private:
  // Each place of each row is an observation of all channels.
  void add(const ChannelMember& member, const Shape& shape, const float* data, Sums& sums) {
    const auto channels = static_cast<Eigen::Index>(member.elements.size());
    const size_t per_row = member.elements[0].size();
    const int64_t width = shape[-1], rows = shape.elements() / width, samples = std::max<int64_t>(1, shape[0]);
    const int64_t places = rows / samples * static_cast<int64_t>(per_row);
    const int64_t step = std::max<int64_t>(1, (places + kMostPlaces - 1) / kMostPlaces);
    const int64_t all = rows * static_cast<int64_t>(per_row);
    Eigen::MatrixXf seen(channels, (all + step - 1) / step);
    for (int64_t at = 0, column = 0; at < all; at += step, ++column) {
      const float* row = data + at / static_cast<int64_t>(per_row) * width;
      const size_t place = static_cast<size_t>(at) % per_row;
      for (Eigen::Index c = 0; c < channels; ++c) seen(c, column) = row[member.elements[static_cast<size_t>(c)][place]];
    }
    if (sums.rows == 0) {
      sums.magnitude = sums.mean = Eigen::VectorXd::Zero(channels);
      if (second_) sums.second = Eigen::MatrixXd::Zero(channels, channels);
    }
    sums.rows += static_cast<double>(seen.cols());
    sums.magnitude += seen.cwiseAbs().rowwise().sum().cast<double>();
    sums.mean += seen.rowwise().sum().cast<double>();
    if (second_) sums.second += (seen * seen.transpose()).cast<double>();
  }

  const std::vector<const ChannelMember*>& members_;
  bool second_;
  std::unordered_map<std::string, std::vector<size_t>> watched_;
  std::vector<Sums> sums_;
};

}  // namespace

Expected<std::vector<ChannelMoments>> measure_moments(const Graph& graph,
                                                      const std::vector<const ChannelMember*>& members,
                                                      const SampleSource& samples, const MomentOptions& options) {
  PARE_ASSIGN(Runner runner, Runner::create(graph, {.threads = options.threads, .fuse = false}));
  std::vector<Collector> collectors(static_cast<size_t>(std::max(1, options.threads)),
                                    Collector(members, options.second));
  const auto observe = [&](int thread, const Value& value, const void* data) {
    if (value.type.dtype == DType::Float32)
      collectors[static_cast<size_t>(thread)].observe(value, static_cast<const float*>(data));
  };
  PARE_TRY(runner.run(
      samples, [](const Runner::Slice&) { return Expected<void>(); }, observe));
  std::vector<ChannelMoments> moments(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    Sums total;
    for (Collector& each : collectors) {
      const Sums& part = each.sums(i);
      if (part.rows == 0) continue;
      if (total.rows == 0) {
        total = part;
        continue;
      }
      total.rows += part.rows;
      total.magnitude += part.magnitude;
      total.mean += part.mean;
      if (options.second) total.second += part.second;
    }
    PARE_CHECK(total.rows > 0, "'{}' was not seen", members[i]->value->name);
    moments[i] = {static_cast<int64_t>(total.rows), total.magnitude / total.rows, total.mean / total.rows, {}};
    if (options.second) moments[i].second = total.second / total.rows;
  }
  return moments;
}

const ChannelMember* source_of_reader(const ChannelGroup& group, const ChannelMember& weights) {
  for (const ChannelMember& member : group.members)
    if (member.value == weights.source && member.axis == member.value->type.shape.rank() - 1) return &member;
  return nullptr;
}

}  // namespace pare
