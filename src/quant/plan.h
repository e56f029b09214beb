// How each tensor of a network is stored and each operator computed: the single source for every writer, the engine and the
// fake-quantised training form.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "ir/graph.h"

namespace pare {

enum class QuantMode {
  Int8,        // int8 activations and weights; operators without an int8 form stay float
  Int8Only,    // the same, but an operator without an int8 form is an error
  Int16x8,     // int16 activations, int8 weights
  Dynamic,     // int8 weights, activations quantised while running
  WeightOnly,  // int8 weights, restored to float before they are used
  Fp16,        // half-precision weights, restored to float before they are used
};
template <>
struct EnumNames<QuantMode> {
  static constexpr std::array<std::string_view, 6> names{"int8",    "int8_only",   "int16x8",
                                                         "dynamic", "weight_only", "fp16"};
};
// Whether a mode quantises activations and so needs samples.
inline bool needs_calibration(QuantMode mode) {
  return mode == QuantMode::Int8 || mode == QuantMode::Int8Only || mode == QuantMode::Int16x8;
}

enum class Precision {
  Untouched,  // works on no real numbers: shapes, indices, conditions
  Float,
  Integer,
  Hybrid,      // float activations, integer weights
  WeightOnly,  // float, with weights that are stored smaller
};
template <>
struct EnumNames<Precision> {
  static constexpr std::array<std::string_view, 5> names{"untouched", "float", "integer", "hybrid", "weight_only"};
};

// How a value is stored. No quantisation: plain numbers of this type (half precision).
struct Storage {
  DType dtype = DType::Int8;
  std::optional<Quantization> quantization;
  int bits = bit_width(dtype);  // that the codes make use of
  bool operator==(const Storage&) const = default;
};

struct NodePlan {
  Precision precision = Precision::Float;
  std::string reason;  // why this precision, for people
  std::string remedy;  // what would change it; may be empty
};

struct QuantPlan {
  QuantMode mode = QuantMode::Int8;
  DType io = DType::Float32;              // of inputs and outputs that are float32 in the float network
  std::map<std::string, Storage> values;  // by the name of the value; a value without an entry stays as it is
  std::map<std::string, NodePlan> nodes;  // by key_of the node
  // Operands that are read with other parameters than the value is stored with (node, operand): they are requantised in front.
  std::map<std::pair<std::string, size_t>, Storage> requantized;

  const NodePlan& of(const Node& node) const;
  const Storage* of(const Value& value) const;
};

// What a plan calls a node: the name of its first result, which is unique.
const std::string& key_of(const Node& node);

// One line a node and value, in the order of the graph.
std::string to_string(const QuantPlan& plan, const Graph& graph);

}  // namespace pare
