#include "compress/refit.h"

#include <algorithm>

#include "compress/channel_moments.h"
#include "passes/weighted.h"

namespace pare {
namespace {

// One matrix of weights that loses channels.
struct Reader {
  const ChannelMember* weights;
  const std::vector<int64_t>* leaving;
  size_t moments;  // of what it reads
};

// x_r ~ factors' x_k + offset
struct Prediction {
  std::vector<int64_t> kept;
  Eigen::MatrixXd factors;  // kept by leaving
  Eigen::VectorXd offset;   // of each leaving channel
};

Prediction predict(const ChannelMoments& moments, const std::vector<int64_t>& leaving, double ridge) {
  Prediction found;
  for (int64_t c = 0; c < moments.mean.size(); ++c)
    if (!std::ranges::binary_search(leaving, c)) found.kept.push_back(c);
  const Eigen::MatrixXd covariance = moments.second - moments.mean * moments.mean.transpose();
  Eigen::MatrixXd within = covariance(found.kept, found.kept);
  const double added = ridge * within.trace() / static_cast<double>(found.kept.size()) + 1e-12;
  within.diagonal().array() += added;
  found.factors = within.ldlt().solve(covariance(found.kept, leaving));
  found.offset = moments.mean(leaving) - found.factors.transpose() * moments.mean(found.kept);
  return found;
}

void refit(const Reader& reader, const Prediction& prediction) {
  const ChannelMember& member = *reader.weights;
  const Shape shape = member.value->type.shape;
  const int64_t outer = shape.elements(0, member.axis), extent = shape[member.axis],
                inner = shape.elements(member.axis + 1, shape.rank());
  const auto weights = member.value->data->mutable_values<float>();
  const auto weighted = as_weighted(member.node);
  Value* bias = weighted ? member.node->operand(weighted->bias) : nullptr;
  // Weights of one output lie together behind it.
  const size_t per_output = weighted ? static_cast<size_t>(shape.elements(weighted->axis + 1, shape.rank())) : 1;
  const auto elements = [&](int64_t channel) -> const std::vector<int64_t>& {
    return member.elements[static_cast<size_t>(channel)];
  };
  for (int64_t o = 0; o < outer; ++o)
    for (size_t place = 0; place < member.elements[0].size(); ++place)
      for (int64_t i = 0; i < inner; ++i) {
        const auto at = [&](int64_t channel) {
          return static_cast<size_t>((o * extent + elements(channel)[place]) * inner + i);
        };
        Eigen::VectorXd gone(static_cast<Eigen::Index>(reader.leaving->size()));
        for (size_t r = 0; r < reader.leaving->size(); ++r)
          gone[static_cast<Eigen::Index>(r)] = weights[at((*reader.leaving)[r])];
        const Eigen::VectorXd more = prediction.factors * gone;
        for (size_t k = 0; k < prediction.kept.size(); ++k)
          weights[at(prediction.kept[k])] += static_cast<float>(more[static_cast<Eigen::Index>(k)]);
        if (bias == nullptr) continue;
        const auto values = bias->data->mutable_values<float>();
        values[at(0) / per_output % values.size()] += static_cast<float>(prediction.offset.dot(gone));
      }
}

}  // namespace

Expected<void> refit_readers(Graph& graph, const std::vector<ChannelGroup>& groups,
                             const std::vector<LeavingChannels>& leaving, const SampleSource& samples,
                             const RefitOptions& options) {
  std::vector<Reader> readers;
  std::vector<const ChannelMember*> sources;
  for (const LeavingChannels& each : leaving)
    for (const ChannelMember& member : groups[each.group].members) {
      if (!member.is_weights(ChannelRole::Reads)) continue;
      const ChannelMember* source = source_of_reader(groups[each.group], member);
      if (source == nullptr || member.elements[0].size() % source->elements[0].size() != 0) continue;
      auto known = std::ranges::find(sources, source);
      if (known == sources.end()) known = sources.insert(known, source);
      readers.push_back({&member, &each.channels, static_cast<size_t>(known - sources.begin())});
    }
  if (readers.empty()) return {};
  PARE_ASSIGN(const std::vector<ChannelMoments> moments,
              measure_moments(graph, sources, samples, {.second = true, .threads = options.threads}));
  for (const Reader& reader : readers) refit(reader, predict(moments[reader.moments], *reader.leaving, options.ridge));
  return {};
}

}  // namespace pare
