// What the channels of a group are like on samples.
#pragma once

#include <Eigen/Dense>

#include "base/sample_source.h"
#include "compress/channel_groups.h"

namespace pare {

// Of the channels of one value, over samples and places.
struct ChannelMoments {
  int64_t rows = 0;
  Eigen::VectorXd magnitude, mean;  // E|x|, E x
  Eigen::MatrixXd second;           // E x x'; empty where it was not asked for
};

struct MomentOptions {
  bool second = false;
  int threads = 1;
};

// Runs the graph on the samples and watches these members, whose axis must be the last of their value. At most 256 places of a sample
// are looked at, evenly spread. In the order of the members.
Expected<std::vector<ChannelMoments>> measure_moments(const Graph& graph,
                                                      const std::vector<const ChannelMember*>& members,
                                                      const SampleSource& samples, const MomentOptions& options);

// The member of the group that holds what these weights read; null where the channels do not lie along its last dimension.
const ChannelMember* source_of_reader(const ChannelGroup& group, const ChannelMember& weights);

}  // namespace pare
