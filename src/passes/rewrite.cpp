#include "passes/rewrite.h"

#include <algorithm>

namespace pare {

const OpDef& op_named(std::string_view name) {
  const OpDef* op = find_op(name);
  PARE_CHECK(op != nullptr, "there is no operator {}", name);
  return *op;
}

bool is_float_constant(const Value* value) {
  return value != nullptr && value->is_constant() && value->type.dtype == DType::Float32;
}

Node* only_reader(const Graph& graph, const Value* value) {
  if (graph.is_output(value)) return nullptr;
  const std::vector<Use> uses = graph.uses(value);
  return uses.size() == 1 ? uses.front().node : nullptr;
}

Node* private_producer(const Graph& graph, const Value* value) {
  return value != nullptr && value->producer != nullptr && only_reader(graph, value) != nullptr ? value->producer
                                                                                                : nullptr;
}

std::optional<Activation> fused_activation(const Node& node) {
  if (!node.op().traits.fuses_activation) return std::nullopt;
  for (const auto& [name, value] : node.attributes.fields())
    if (name == "activation") return parse_enum<Activation>(std::get<std::string>(value));
  return std::nullopt;
}

void set_activation(Node& node, Activation activation) {
  const auto set = node.attributes.set("activation", std::string(to_string(activation)));
  PARE_CHECK(set.has_value(), "{} has no attribute 'activation'", describe(node));
}

Expected<Value*> insert_before(Graph& graph, const Node* position, std::string_view op_name, Attributes attributes,
                               std::vector<Value*> operands, std::string name) {
  PARE_ASSIGN(Node * node,
              graph.append(op_named(op_name), std::move(attributes), std::move(operands), {std::move(name)}));
  graph.move_last_before(position);
  return node->result();
}

size_t rewrite_nodes(Graph& graph, bool (*rewrite)(Graph&, Node*)) {
  size_t done = 0;
  for (size_t i = 0; i < graph.nodes().size();) {
    if (rewrite(graph, graph.nodes()[i].get()))
      ++done;  // the next node has moved to i
    else
      ++i;
  }
  return done;
}

namespace {

// Exchanges which node computes which of two values.
void exchange_results(Node* a, Value* result_of_a, Node* b, Value* result_of_b) {
  std::replace(a->results.begin(), a->results.end(), result_of_a, result_of_b);
  std::replace(b->results.begin(), b->results.end(), result_of_b, result_of_a);
  result_of_b->producer = a;
  result_of_a->producer = b;
}

}  // namespace

void absorb(Graph& graph, Node* node, Node* last) {
  last->operands.clear();
  exchange_results(node, node->result(), last, last->result());
  graph.erase(last);
}

void replace(Graph& graph, Node* node, Value* by) {
  PARE_CHECK(by->producer != nullptr && by->producer != node);
  Value* result = node->result();
  node->operands.clear();
  exchange_results(by->producer, by, node, result);
  graph.replace_uses(by, result);
  graph.erase(node);
}

bool bypass(Graph& graph, Node* node, Value* source) {
  Value* result = node->result();
  if (!graph.is_output(result)) {
    graph.replace_uses(result, source);
    graph.erase(node);
    return true;
  }
  if (source->producer == nullptr || graph.is_output(source)) return false;
  exchange_results(source->producer, source, node, result);
  node->operands.clear();
  graph.replace_uses(source, result);
  graph.erase(node);
  return true;
}

Value* Expansion::op(std::string_view name, std::vector<Value*> operands,
                     std::vector<std::pair<std::string_view, AttributeValue>> attributes) {
  if (failure_) return nullptr;
  Attributes all = op_named(name).attributes;
  for (const auto& [field, value] : attributes) {
    const auto set = all.set(field, value);
    PARE_CHECK(set.has_value(), "{} of {}", field, name);
  }
  auto made = insert_before(graph_, node_, name, std::move(all), std::move(operands),
                            fmt::format("{}/{}", node_->result()->name, name));
  if (made) return *made;
  failure_ = made.error();
  return nullptr;
}

Value* Expansion::constant(float value) { return constant(Tensor::scalar(value)); }
Value* Expansion::constant(Tensor data) {
  return graph_.add_constant(node_->result()->name + "/constant", std::move(data));
}

Expected<void> Expansion::finish(Value* result) {
  if (failure_) return Failure(failure_->within(describe(*node_)));
  replace(graph_, node_, result);
  return {};
}

std::optional<std::vector<float>> per_channel(const Value* constant, int64_t channels) {
  if (!is_float_constant(constant)) return std::nullopt;
  const Shape& shape = constant->type.shape;
  const auto values = constant->data->values<float>();
  if (shape.elements() == 1) return std::vector<float>(static_cast<size_t>(channels), values[0]);
  if (shape.elements() != channels || shape[-1] != channels) return std::nullopt;
  return std::vector<float>(values.begin(), values.end());
}

}  // namespace pare
