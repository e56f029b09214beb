// What training makes small: nodes from the outputs of a network and what is expected of them to one number.
#pragma once

#include <array>
#include <string_view>

#include "ir/graph.h"

namespace pare {

enum class Loss { CrossEntropy, BinaryCrossEntropy, Mse, Mae, Huber, Kl };
template <>
struct EnumNames<Loss> {
  static constexpr std::array<std::string_view, 6> names{
      "cross_entropy", "binary_cross_entropy", "mse", "mae", "huber", "kl"};
};

struct LossOptions {
  Loss loss = Loss::CrossEntropy;
  float smoothing = 0;  // share of each target that is spread over all classes
  float delta = 1;      // of huber: where it turns from square to line
};

// What fake quantisation rounds to this value; the value itself where it is not rounded.
const Value* unrounded(const Value* value);

// The loss that suits a network: by the operator that makes its output and what it is judged by.
Loss default_loss(const Value& output, bool judged_by_class);

// The value that the loss is computed from: the operand of a softmax or sigmoid at the end, where the loss has them inside, which is
// exact where probabilities round to 0 or 1; else the output itself.
Value* scored_value(Value* output, Loss loss);

// Appends the mean over the batch of weights[n] * loss of sample n; a scalar. `targets` has the shape of `scored`, `weights` is [N].
// Cross-entropies and KL are sums over classes, the others means over the elements of a sample, as in Keras.
Expected<Value*> append_loss(Graph& graph, const LossOptions& options, Value* scored, Value* targets, Value* weights);

}  // namespace pare
