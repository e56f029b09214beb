// The graph: values and the nodes that compute them, in topological order. Activations are NHWC; weights are in the TFLite
// layouts (convolution O,H,W,I; depthwise 1,H,W,C; fully connected O,I).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/tensor.h"
#include "ir/attributes.h"
#include "ir/op_def.h"
#include "ir/types.h"

namespace pare {

class Graph;

// A tensor in the graph: input, constant, or result of a node.
struct Value {
  std::string name;
  TensorType type;
  std::optional<Tensor> data;  // set for constants; its dtype and shape are those of `type`
  Node* producer = nullptr;    // null for inputs and constants
  bool is_variable = false;    // state that lives across runs
  int file_index = -1;         // number of the tensor in the .tflite file it was read from; -1: none

  bool is_constant() const { return data.has_value(); }
};

class Node {
 public:
  const OpDef& op() const { return *op_; }
  bool is(std::string_view name) const { return op_->name == name; }

  std::string name;  // for messages and patterns: the name of the first result if the file gave none
  Attributes attributes;
  std::vector<Value*> operands;  // null where an optional operand is absent
  std::vector<Value*> results;

  // Trailing optional operands may be missing from the list; this treats them as absent.
  Value* operand(size_t i) const { return i < operands.size() ? operands[i] : nullptr; }
  Value* result(size_t i = 0) const { return results.at(i); }
  template <class T>
  const T& attrs() const {
    return attributes.as<T>();
  }

 private:
  friend class Graph;
  explicit Node(const OpDef& op) : op_(&op) {}
  const OpDef* op_;
};

// Where values of one graph went in another.
using Twins = std::unordered_map<const Value*, Value*>;
std::vector<Value*> twins_of(const std::vector<Value*>& values, const Twins& twins);  // null where null is

// One operand position of a node.
struct Use {
  Node* node;
  size_t operand;
};

class Graph {
 public:
  Graph() = default;
  explicit Graph(std::string graph_name) : name(std::move(graph_name)) {}
  Graph(Graph&&) = default;
  Graph& operator=(Graph&&) = default;
  Graph(const Graph&) = delete;

  std::string name = "main";
  std::vector<Value*> inputs;
  std::vector<Value*> outputs;

  // --- reading
  const std::vector<std::unique_ptr<Node>>& nodes() const { return nodes_; }
  const std::vector<std::unique_ptr<Value>>& values() const { return values_; }
  Value* find_value(std::string_view value_name) const;
  std::vector<Use> uses(const Value* value) const;
  // Number of uses by nodes, plus one for each time the value is a graph output.
  size_t use_count(const Value* value) const;
  bool is_output(const Value* value) const;
  bool is_input(const Value* value) const;

  // --- building. Names are made unique by a suffix where they are taken.
  Value* add_value(std::string value_name, TensorType type);
  Value* add_input(std::string value_name, TensorType type);
  Value* add_constant(std::string value_name, Tensor data, std::optional<Quantization> quantization = std::nullopt);
  // Adds a node at the end. Results get the types that the shape rule gives; fails where it refuses the operands.
  Expected<Node*> append(const OpDef& op, Attributes attributes, std::vector<Value*> operands,
                         std::vector<std::string> result_names);
  // Adds a node with result values that exist already (readers, which know the types from the file).
  Node* append_with_results(const OpDef& op, Attributes attributes, std::vector<Value*> operands,
                            std::vector<Value*> results);
  // Adds a value like this one of another graph, which nothing produces yet.
  Value* add_copy(const Value& value, std::string value_name);
  // Adds a node like this one of another graph, whose values have their twins here; it is called after its result.
  Node* append_copy(const Node& node, const Twins& twins);

  // --- rewriting
  // Moves the last node in front of `position`.
  void move_last_before(const Node* position);
  // Gives a value another name, made unique where it is taken. A node that is called after the value follows.
  void rename(Value* value, std::string value_name);
  // Every use of `from`, graph outputs included, reads `to` instead.
  void replace_uses(Value* from, Value* to);
  // Removes a node; its results must have no uses. They are removed with it.
  void erase(Node* node);
  // Removes a value that nothing produces, uses or exposes.
  void erase(Value* value);
  // Removes nodes whose results nobody needs, then constants that nobody reads. Inputs stay. Returns what was removed.
  size_t remove_dead();
  // Orders nodes so that producers come first; fails on a cycle.
  Expected<void> sort();

  Graph clone() const;
  // The clone and where each value went.
  Graph clone(Twins& twins) const;

 private:
  std::string unique_name(std::string wanted) const;

  std::vector<std::unique_ptr<Value>> values_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unordered_map<std::string, Value*> by_name_;
};

// Runs the shape rule of a node on the present types of its operands.
Expected<std::vector<TensorType>> infer_types(const Node& node, size_t result_count);
// Recomputes the type of every result, in order, keeping quantisation. Fails where a rule refuses or a dtype changes.
Expected<void> infer_types(Graph& graph);

// A message prefix such as "conv_2d 'stem/conv'".
std::string describe(const Node& node);

}  // namespace pare
