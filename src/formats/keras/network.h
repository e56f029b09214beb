// A Keras model as its configuration describes it, in one form for Keras 2 and 3, Sequential and functional models.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/shape.h"
#include "formats/keras/settings.h"

namespace pare::keras {

// Output number `output` of call number `call` of the layer at position `layer` of its network.
struct OutputRef {
  size_t layer = 0;
  size_t call = 0;
  size_t output = 0;
};

// What a layer is applied to: the output of another layer, or a number (in arithmetic such as `2 * x`).
using Argument = std::variant<OutputRef, double>;

// One application of a layer. A shared layer has several.
struct Call {
  std::vector<Argument> arguments;
};

struct Network;

struct Layer {
  std::string name;
  std::string class_name;  // "Conv2D"
  Json config;             // the layer's own settings
  bool trainable = true;
  std::vector<Call> calls;
  std::unique_ptr<Network> network;  // of a nested model, which has no settings of its own

  bool is_input() const { return class_name == "InputLayer"; }
};

struct Network {
  std::string name;
  std::vector<Layer> layers;      // in the order of the file, which is the order of the weights
  std::vector<OutputRef> inputs;  // outputs of InputLayers
  std::vector<OutputRef> outputs;
};

// Reads {"class_name": "Sequential" or "Functional", "config": {...}}. Names and references are checked; layers are not.
Expected<Network> parse_network(const Json& json);

// The type of an InputLayer: its shape, batch in front, and element type ("float32").
struct InputSpec {
  Shape shape;
  std::string dtype;
};
Expected<InputSpec> input_spec(const Layer& layer);

}  // namespace pare::keras
