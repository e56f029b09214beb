// One removal of channels: which leave, out of a model in any form.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compress/channel_scores.h"
#include "compress/choose_channels.h"
#include "data/data_set.h"
#include "eval/latency.h"
#include "ir/model.h"
#include "steps/layerwise.h"
#include "train/loss.h"

namespace pare {

struct NarrowOptions {
  ChannelCriterion criterion = ChannelCriterion::Taylor;
  ChannelBudget budget = ChannelBudget::Global;
  // The shares that may stay of them, which hold together; latency is measured, see latency_of().
  std::optional<double> macs, weights, latency;
  int64_t multiple_of = 8;
  bool refit = true;                 // layers are fitted to what they computed before, see fit_narrowed()
  std::vector<std::string> include;  // patterns of layers whose channels may leave; empty: all
  std::vector<std::string> exclude;
  std::optional<Loss> loss;  // of taylor; nothing: see default_loss()
  uint64_t seed = 1;
  int threads = 1;
  LayerObserver observer;  // of that fit, and of widths that are timed
};

// Channels of one group that left.
struct RemovedChannels {
  std::vector<std::string> layers;  // that made them
  int64_t channels = 0;             // before
  std::vector<int64_t> removed;     // their numbers, ascending
};

struct Narrowing {
  std::vector<RemovedChannels> removed;
  std::vector<FixedChannels> fixed;  // with reasons
};

// A network without quantised tensors whose vectors are its own, as narrow() takes it: composites written out, weights of half precision
// in float32, vectors that a file shares among operators apart. A Keras model stays as it is, since its layers share what it says they share.
Expected<void> make_narrowable(Model& model);

// Takes channels out of the main graph, and with it out of what is known of a Keras file. They are chosen on the folded form, so that the
// files of one network lose the same ones. `samples`: with targets or without, see taylor_scores(). Fails where a pattern matches
// nothing, where no channels can leave, and where a share cannot be reached, with the least that can be.
Expected<Narrowing> narrow(Model& model, const DataView& samples, const NarrowOptions& options);

// Statistics of batch normalisations become those of these samples in the network as it is now.
Expected<void> refresh_statistics(Model& model, const DataView& samples, Loss loss, const NarrowOptions& options);

// The network as runtimes see it: batch normalisations in weights, activations fused.
Expected<Graph> folded_form(const Graph& network);

// The latency of the network in its folded float form, of one sample with one thread.
Expected<ModelLatency> latency_of(const Model& model);

}  // namespace pare
