// What a builder of layers works with: the layer's settings, what it is applied to, its weights, and the graph that grows.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/keras/hdf5_file.h"
#include "formats/keras/network.h"
#include "formats/keras/settings.h"
#include "formats/keras/weight_index.h"
#include "ir/graph.h"
#include "ir/keras_origin.h"

namespace pare::keras {

// Fails for a shape beyond what can be computed with: an extent above 2^31 - 1, or more than 2^40 elements a sample.
Expected<void> check_size(const Shape& shape);

// What all layers of one file share.
struct BuildState {
  Graph& graph;
  const Hdf5File& file;
  const WeightIndex& weights;
  int version;                                        // 2 or 3: some functions changed their meaning in between
  std::unordered_map<std::string, Value*> constants;  // by data set and layout, so that shared layers share them
  std::vector<KerasWeight> weights_read;              // those that became constants
};

class LayerBuilder {
 public:
  LayerBuilder(BuildState& state, const Layer& described, std::string prefix, std::vector<Value*> operands)
      : layer(described),
        settings(described.config),
        inputs(std::move(operands)),
        state_(&state),
        prefix_(std::move(prefix)) {}

  const Layer& layer;
  Settings settings;
  std::vector<Value*> inputs;  // never empty

  int keras() const { return state_->version; }
  // Of this call's result: the layer's name, models' names in front.
  const std::string& name() const { return prefix_; }

  // Appends an operator; its result is called `<name>/<operator>` until the layer's last result gets the name itself.
  Expected<Value*> append(std::string_view op, Attributes attributes, std::vector<Value*> operands);
  Expected<Value*> append(std::string_view op, std::vector<Value*> operands);  // with the operator's default attributes

  Value* constant(std::string_view role, Tensor data);
  Value* scalar(float value) { return constant("constant", Tensor::scalar(value)); }
  Value* int32s(std::string_view role, const std::vector<int64_t>& values);

  // A weight of the shape that Keras gives it. It fails where the file lacks it or holds another shape.
  Expected<Tensor> weight(std::string_view weight_name, const Shape& expected);
  // The same as a constant of the graph, its dimensions permuted (result dimension i is Keras' dimension permutation[i]) and put into
  // `shape` (empty: as it is). Calls of a shared layer get the same value.
  Expected<Value*> weight_constant(std::string_view weight_name, const Shape& expected,
                                   const std::vector<int>& permutation = {}, const Shape& shape = {});

  // Reshapes to `dims`, of which at most one may be unknown.
  Expected<Value*> reshape(Value* value, const std::vector<int64_t>& dims);

  Expected<Value*> cast(Value* value, DType dtype);
  // A reduction such as "mean" over these dimensions.
  Expected<Value*> reduce(std::string_view op, Value* value, const std::vector<int64_t>& axes, bool keep_dims);

  // A builder for a layer inside this one (an activation given as a layer).
  LayerBuilder nested(const Layer& inner, std::vector<Value*> operands) {
    return {*state_, inner, prefix_, std::move(operands)};
  }

  // The first input, whose rank must be one of these and whose extents, apart from the batch, must be known.
  Expected<Value*> only_input(int smallest_rank, int largest_rank);
  // Fails for data_format = channels_first.
  Expected<void> require_channels_last();

 private:
  BuildState* state_;
  std::string prefix_;
};

}  // namespace pare::keras
