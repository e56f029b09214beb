// The training form of a network that will be quantised: float, with each weight and activation rounded as its plan stores it. Batch
// normalisations stay apart and weights are rounded before them: a scale for each output channel takes the normalisation's factor
// exactly, so that the exported integers are those of the training form.
#pragma once

#include "quant/make_plan.h"

namespace pare {

// How the ranges of activations behave in training. Steps of weights learn, but with Fixed; ranges of inputs move or stay as calibrated.
enum class RangeRule {
  Learned,  // from rounding errors and clipping: Esser et al. (2020)
  Clip,     // from clipping alone: Choi et al. (2018)
  Moving,   // moving averages of the least and the largest value: Jacob et al. (2018)
  Fixed,    // those of the calibration
};
template <>
struct EnumNames<RangeRule> {
  static constexpr std::array<std::string_view, 4> names{"learned", "clip", "moving", "fixed"};
};

// Rounds the activations and weights of `network` that are quantised in `plan`. The plan speaks of `deployed`, which is the network
// after passes that keep the names of what remains. Values keep their names: what is rounded takes the name, what it is rounded from
// gets another. Values that only `deployed` has are not rounded.
Expected<void> insert_fake_quantization(Graph& network, const Graph& deployed, const QuantPlan& plan,
                                        const QuantConfig& config, RangeRule rule);

// Whether a network has fake quantisation in it.
bool is_training_form(const Graph& network);

// The network that is trained behind the rounding: its weights as they are before that, nothing of what was learned for it.
void forget_fake_quantization(Graph& network);

// Biases are whole numbers in the file, of steps that are known only when training is over. Moves those of the form, or the shifts of the
// normalisations behind weights, to the nearest that the plan can store, so that the form computes with what is written.
void settle_biases(Graph& form, const Graph& deployed, const QuantPlan& plan);

// What was learned, of a network without its fake quantisation.
struct LearnedQuantization {
  std::map<std::string, Storage> activations;   // by name
  std::map<std::string, KnownWeights> weights;  // by the name of the constant
};

// Takes the fake quantisation out again; weights become the numbers that they were rounded to. Fails with Usage for a mode whose
// activations are not those that the network was trained with.
Expected<LearnedQuantization> remove_fake_quantization(Graph& network, const QuantConfig& config);

// The same in the words of `deployed`, the network after the passes.
KnownParameters known_parameters(const LearnedQuantization& learned, const Graph& network, const Graph& deployed);

}  // namespace pare
