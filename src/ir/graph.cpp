#include "ir/graph.h"

#include <algorithm>
#include <unordered_set>

#include "base/plausible_shape.h"

namespace pare {

std::vector<Value*> twins_of(const std::vector<Value*>& values, const Twins& twins) {
  std::vector<Value*> found;
  for (const Value* value : values) found.push_back(value == nullptr ? nullptr : twins.at(value));
  return found;
}

Value* Graph::find_value(std::string_view value_name) const {
  const auto found = by_name_.find(std::string(value_name));
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<Use> Graph::uses(const Value* value) const {
  std::vector<Use> found;
  for (const auto& node : nodes_)
    for (size_t i = 0; i < node->operands.size(); ++i)
      if (node->operands[i] == value) found.push_back({node.get(), i});
  return found;
}

size_t Graph::use_count(const Value* value) const {
  return uses(value).size() + static_cast<size_t>(std::count(outputs.begin(), outputs.end(), value));
}

bool Graph::is_output(const Value* value) const {
  return std::find(outputs.begin(), outputs.end(), value) != outputs.end();
}
bool Graph::is_input(const Value* value) const {
  return std::find(inputs.begin(), inputs.end(), value) != inputs.end();
}

std::string Graph::unique_name(std::string wanted) const {
  if (wanted.empty()) wanted = "value";
  if (!by_name_.contains(wanted)) return wanted;
  for (int suffix = 1;; ++suffix)
    if (std::string candidate = fmt::format("{}_{}", wanted, suffix); !by_name_.contains(candidate)) return candidate;
}

Value* Graph::add_value(std::string value_name, TensorType type) {
  auto value = std::make_unique<Value>();
  value->name = unique_name(std::move(value_name));
  value->type = std::move(type);
  by_name_.emplace(value->name, value.get());
  values_.push_back(std::move(value));
  return values_.back().get();
}

Value* Graph::add_input(std::string value_name, TensorType type) {
  inputs.push_back(add_value(std::move(value_name), std::move(type)));
  return inputs.back();
}

Value* Graph::add_constant(std::string value_name, Tensor data, std::optional<Quantization> quantization) {
  Value* value = add_value(std::move(value_name), TensorType{data.dtype(), data.shape(), std::move(quantization)});
  value->data = std::move(data);
  return value;
}

Expected<Node*> Graph::append(const OpDef& op, Attributes attributes, std::vector<Value*> operands,
                              std::vector<std::string> result_names) {
  Node probe(op);
  probe.attributes = attributes;
  probe.operands = operands;
  probe.name = result_names.empty() ? std::string(op.name) : result_names.front();
  PARE_ASSIGN(std::vector<TensorType> types, infer_types(probe, result_names.size()));
  std::vector<Value*> results;
  for (size_t i = 0; i < types.size(); ++i)
    results.push_back(add_value(i < result_names.size() ? result_names[i] : std::string(op.name), std::move(types[i])));
  return append_with_results(op, std::move(attributes), std::move(operands), std::move(results));
}

Node* Graph::append_with_results(const OpDef& op, Attributes attributes, std::vector<Value*> operands,
                                 std::vector<Value*> results) {
  PARE_CHECK(attributes.same_type_as(op.attributes), "attributes of another operator given to {}", op.name);
  auto node = std::unique_ptr<Node>(new Node(op));
  node->name = results.empty() ? std::string(op.name) : results.front()->name;
  node->attributes = std::move(attributes);
  node->operands = std::move(operands);
  node->results = std::move(results);
  for (Value* result : node->results) result->producer = node.get();
  nodes_.push_back(std::move(node));
  return nodes_.back().get();
}

Value* Graph::add_copy(const Value& value, std::string value_name) {
  Value* copy = add_value(std::move(value_name), value.type);
  copy->data = value.data;
  copy->is_variable = value.is_variable;
  return copy;
}

Node* Graph::append_copy(const Node& node, const Twins& twins) {
  return append_with_results(node.op(), node.attributes, twins_of(node.operands, twins), twins_of(node.results, twins));
}

void Graph::move_last_before(const Node* position) {
  const auto at = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& node) { return node.get() == position; });
  PARE_CHECK(at != nodes_.end());
  std::rotate(at, nodes_.end() - 1, nodes_.end());
}

void Graph::rename(Value* value, std::string value_name) {
  if (value->name == value_name) return;
  by_name_.erase(value->name);
  const std::string before = std::exchange(value->name, unique_name(std::move(value_name)));
  by_name_.emplace(value->name, value);
  if (value->producer != nullptr && value->producer->name == before) value->producer->name = value->name;
}

void Graph::replace_uses(Value* from, Value* to) {
  for (const auto& node : nodes_) std::replace(node->operands.begin(), node->operands.end(), from, to);
  std::replace(outputs.begin(), outputs.end(), from, to);
}

void Graph::erase(Node* node) {
  const auto at = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& each) { return each.get() == node; });
  PARE_CHECK(at != nodes_.end());
  const std::unique_ptr<Node> keep_alive = std::move(*at);
  nodes_.erase(at);
  for (Value* result : keep_alive->results) {
    result->producer = nullptr;
    erase(result);
  }
}

void Graph::erase(Value* value) {
  PARE_CHECK(value->producer == nullptr && use_count(value) == 0 && !is_input(value), "value '{}' is still needed",
             value->name);
  by_name_.erase(value->name);
  std::erase_if(values_, [&](const auto& each) { return each.get() == value; });
}

size_t Graph::remove_dead() {
  std::unordered_set<const Value*> needed(outputs.begin(), outputs.end());
  std::unordered_set<const Node*> live;
  for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
    const bool wanted = (*node)->op().traits.stateful || std::any_of((*node)->results.begin(), (*node)->results.end(),
                                                                     [&](Value* v) { return needed.contains(v); });
    if (!wanted) continue;
    live.insert(node->get());
    needed.insert((*node)->operands.begin(), (*node)->operands.end());
    needed.insert((*node)->results.begin(), (*node)->results.end());
  }
  needed.insert(inputs.begin(), inputs.end());
  const size_t before = nodes_.size() + values_.size();
  std::erase_if(nodes_, [&](const auto& node) { return !live.contains(node.get()); });
  std::erase_if(values_, [&](const auto& value) {
    if (needed.contains(value.get())) return false;
    by_name_.erase(value->name);
    return true;
  });
  return before - nodes_.size() - values_.size();
}

Expected<void> Graph::sort() {
  std::unordered_set<const Node*> placed;
  std::vector<std::unique_ptr<Node>> ordered, waiting = std::move(nodes_);
  nodes_.clear();
  const auto ready = [&](const Node& node) {
    return std::all_of(node.operands.begin(), node.operands.end(), [&](const Value* v) {
      return v == nullptr || v->producer == nullptr || placed.contains(v->producer);
    });
  };
  while (!waiting.empty()) {  // repeated sweeps keep the given order where it is already right
    const size_t before = waiting.size();
    for (auto& node : waiting) {
      if (!ready(*node)) continue;
      placed.insert(node.get());
      ordered.push_back(std::move(node));
    }
    std::erase(waiting, nullptr);
    if (waiting.size() == before) {
      const std::string at = describe(*waiting.front());
      for (auto& node : waiting) ordered.push_back(std::move(node));
      nodes_ = std::move(ordered);
      return bad_input("the graph has a cycle through {}", at);
    }
  }
  nodes_ = std::move(ordered);
  return {};
}

Graph Graph::clone() const {
  Twins twins;
  return clone(twins);
}

Graph Graph::clone(Twins& twins) const {
  Graph copy(name);
  for (const auto& value : values_) {
    Value* twin = copy.add_copy(*value, value->name);
    twin->file_index = value->file_index;
    twins.emplace(value.get(), twin);
  }
  for (const auto& node : nodes_) copy.append_copy(*node, twins)->name = node->name;
  copy.inputs = twins_of(inputs, twins);
  copy.outputs = twins_of(outputs, twins);
  return copy;
}

std::string describe(const Node& node) { return fmt::format("{} '{}'", node.op().name, node.name); }

Expected<std::vector<TensorType>> infer_types(const Node& node, size_t result_count) {
  InferContext context{node.attributes, {}, {}, result_count, {}};
  for (const Value* operand : node.operands) {
    context.operands.push_back(operand == nullptr ? nullptr : &operand->type);
    context.constants.push_back(operand != nullptr && operand->data ? &*operand->data : nullptr);
  }
  for (const Value* result : node.results) context.declared.push_back(&result->type);
  const auto& specs = node.op().operands;
  for (size_t i = 0; i < specs.size(); ++i)
    if (specs[i].kind == OperandSpec::Kind::Required && !context.has(i))
      return Failure(Error{ErrorCode::BadInput, fmt::format("the operand '{}' is missing", specs[i].name),
                           describe(node), nullptr});
  const bool variadic = !specs.empty() && specs.back().kind == OperandSpec::Kind::Variadic;
  if (!variadic && context.operands.size() > specs.size())
    return Failure(Error{ErrorCode::BadInput,
                         fmt::format("{} operands, at most {} were expected", context.operands.size(), specs.size()),
                         describe(node), nullptr});
  if (variadic && std::find(context.operands.begin(), context.operands.end(), nullptr) != context.operands.end())
    return Failure(Error{ErrorCode::BadInput, "an operand is missing", describe(node), nullptr});
  PARE_ASSIGN_IN(std::vector<TensorType> types, node.op().infer(context), describe(node));
  for (const TensorType& type : types)
    if (!is_plausible(type.shape))
      return Failure(Error{ErrorCode::BadInput,
                           fmt::format("its result {} is beyond any memory", type.shape.to_string()), describe(node),
                           nullptr});
  return types;
}

Expected<void> infer_types(Graph& graph) {
  for (const auto& node : graph.nodes()) {
    PARE_ASSIGN(std::vector<TensorType> types, infer_types(*node, node->results.size()));
    if (types.size() != node->results.size())
      return Failure(Error{ErrorCode::BadInput,
                           fmt::format("{} results, {} were expected", node->results.size(), types.size()),
                           describe(*node), nullptr});
    for (size_t i = 0; i < types.size(); ++i) {
      TensorType& declared = node->results[i]->type;
      if (declared.dtype != types[i].dtype)
        return Failure(Error{ErrorCode::BadInput,
                             fmt::format("result '{}' is {}, {} was expected", node->results[i]->name,
                                         to_string(declared.dtype), to_string(types[i].dtype)),
                             describe(*node), nullptr});
      declared.shape = std::move(types[i].shape);
    }
  }
  return {};
}

}  // namespace pare
