// What passes share: questions about the surroundings of a node, and rewrites that keep the names and objects of outputs.
#pragma once

#include "ir/graph.h"

namespace pare {

// The operator of this name; it must exist.
const OpDef& op_named(std::string_view name);

bool is_float_constant(const Value* value);  // no for null
// The one node that reads `value`, or null: several readers, none, or the value is an output.
Node* only_reader(const Graph& graph, const Value* value);
// The producer of `value` if nobody but one node reads it.
Node* private_producer(const Graph& graph, const Value* value);

// The fused activation of a node, where its operator has one.
std::optional<Activation> fused_activation(const Node& node);
void set_activation(Node& node, Activation activation);

// Appends a node in front of `position` and gives its first result.
Expected<Value*> insert_before(Graph& graph, const Node* position, std::string_view op_name, Attributes attributes,
                               std::vector<Value*> operands, std::string name);

// Offers each node in order to `rewrite`, which gives true where it changed the graph and removed a node that is not behind the one
// offered; returns how often it did.
size_t rewrite_nodes(Graph& graph, bool (*rewrite)(Graph&, Node*));

// Writes an operator as several others: each step is a node in front of `node`, named after it.
class Expansion {
 public:
  Expansion(Graph& graph, Node* node) : graph_(graph), node_(node) {}

  // The operator with its default attributes but for those given by name.
  Value* op(std::string_view name, std::vector<Value*> operands,
            std::vector<std::pair<std::string_view, AttributeValue>> attributes = {});
  Value* constant(float value);
  Value* constant(Tensor data);
  // Puts `result` in the place of the node's result. Fails where a step was refused by its shape rule.
  Expected<void> finish(Value* result);

 private:
  Graph& graph_;
  Node* node_;
  std::optional<Error> failure_;
};

// `node` takes over the result of `last`, a node whose only operand of interest is the result of `node`; `last` goes. Names and
// outputs stay those of `last`.
void absorb(Graph& graph, Node* node, Node* last);

// Puts a computed value in the place of the only result of `node`, which goes. The value takes the result's place as output too,
// and its name.
void replace(Graph& graph, Node* node, Value* by);

// Readers of the result of `node` read `source` instead, and the node goes. Gives false, and does nothing, where the result is an
// output that only this node can provide (its source is an input, a constant or another output).
bool bypass(Graph& graph, Node* node, Value* source);

// A constant with one number for each of `channels` (or one for all): its numbers, broadcast; nothing for other shapes. The
// constant's channels must be its last dimension.
std::optional<std::vector<float>> per_channel(const Value* constant, int64_t channels);

}  // namespace pare
