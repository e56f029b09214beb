// How large the channels of a group are on samples.
#pragma once

#include "base/sample_source.h"
#include "compress/channel_scores.h"

namespace pare {

// The mean magnitude of each channel of these members, whose axis must be the last of their value, over samples and places: at most 256
// places of a sample, evenly spread. In the order of the members.
Expected<std::vector<ChannelScores>> measure_magnitudes(const Graph& graph,
                                                        const std::vector<const ChannelMember*>& members,
                                                        const SampleSource& samples, int threads);

// The member of the group that holds what these weights read; null where the channels do not lie along its last dimension.
const ChannelMember* source_of_reader(const ChannelGroup& group, const ChannelMember& weights);

}  // namespace pare
