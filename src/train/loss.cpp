#include "train/loss.h"

#include "ir/graph_writer.h"

namespace pare {
namespace {

bool is_made_by(const Value* value, std::string_view op) {
  return value->producer != nullptr && value->producer->is(op);
}

// The mean over all dimensions but the batch.
Value* mean_of_sample(GraphWriter& write, Value* value) {
  const int rank = value->type.shape.rank();
  return rank < 2 ? value : write.op("mean", {value, write.dimensions(1, rank)});
}

// targets * (1 - smoothing) + smoothing / classes
Value* smoothed(GraphWriter& write, Value* targets, float smoothing) {
  if (smoothing == 0) return targets;
  const auto classes = static_cast<float>(targets->type.shape[-1]);
  return write.op("add", {write.op("mul", {targets, write.scalar(1 - smoothing)}), write.scalar(smoothing / classes)});
}

// ln(1 + exp(x)) - x * t for logits x: never the logarithm of 0.
Value* binary_cross_entropy(GraphWriter& write, Value* logits, Value* targets) {
  return write.op("sub", {write.op("softplus", {logits}), write.op("mul", {logits, targets})});
}

// difference^2 / 2 up to delta, then delta * (|difference| - delta / 2). Huber (1964).
Value* huber(GraphWriter& write, Value* difference, float delta) {
  Value* size = write.op("abs", {difference});
  Value* near = write.op("minimum", {size, write.scalar(delta)});
  Value* far = write.op("sub", {size, near});
  Value* square = write.op("mul", {write.op("square", {near}), write.scalar(0.5f)});
  return write.op("add", {square, write.op("mul", {far, write.scalar(delta)})});
}

// sum of t * (ln t - ln p), for probabilities from logits.
Value* kullback_leibler(GraphWriter& write, Value* logits, Value* targets) {
  Value* known = write.op("log", {write.op("maximum", {targets, write.scalar(1e-7f)})});
  Value* difference = write.op("sub", {known, write.op("log_softmax", {logits})});
  return write.op("sum", {write.op("mul", {targets, difference}), write.indices({1})});
}

}  // namespace

const Value* unrounded(const Value* value) {
  return is_made_by(value, "fake_quantize") ? value->producer->operand(0) : value;
}

Loss default_loss(const Value& output, bool judged_by_class) {
  if (is_made_by(unrounded(&output), "logistic"))
    return judged_by_class || output.type.shape[-1] > 1 ? Loss::BinaryCrossEntropy : Loss::Mse;
  return judged_by_class ? Loss::CrossEntropy : Loss::Mse;
}

Value* scored_value(Value* output, Loss loss) {
  const bool softmax = loss == Loss::CrossEntropy || loss == Loss::Kl;
  const Value* exact = unrounded(output);
  if (softmax && is_made_by(exact, "softmax")) return exact->producer->operand(0);
  if (loss == Loss::BinaryCrossEntropy && is_made_by(exact, "logistic")) return exact->producer->operand(0);
  return output;
}

Expected<Value*> append_loss(Graph& graph, const LossOptions& options, Value* scored, Value* targets, Value* weights) {
  GraphWriter write(graph, "loss");
  Value* loss = nullptr;  // by sample
  switch (options.loss) {
    case Loss::CrossEntropy:
      loss = write.ops("softmax_cross_entropy", {scored, smoothed(write, targets, options.smoothing)}, 2).front();
      break;
    case Loss::BinaryCrossEntropy: loss = mean_of_sample(write, binary_cross_entropy(write, scored, targets)); break;
    case Loss::Mse: loss = mean_of_sample(write, write.op("squared_difference", {scored, targets})); break;
    case Loss::Mae: loss = mean_of_sample(write, write.op("abs", {write.op("sub", {scored, targets})})); break;
    case Loss::Huber:
      loss = mean_of_sample(write, huber(write, write.op("sub", {scored, targets}), options.delta));
      break;
    case Loss::Kl: loss = kullback_leibler(write, scored, smoothed(write, targets, options.smoothing)); break;
  }
  Value* total = write.op("mean", {write.op("mul", {loss, weights}), write.indices({0})});
  return write.finish(total);
}

}  // namespace pare
