#include "quant/apply_plan.h"

#include <unordered_map>
#include <unordered_set>

#include "ops/quantize.h"
#include "quant/affine.h"
#include "quant/roles.h"

namespace pare {
namespace {

const OpDef& op(std::string_view name) {
  const OpDef* found = find_op(name);
  PARE_CHECK(found != nullptr, "there is no operator {}", name);
  return *found;
}

// Whether codes outside of those that it uses do not exist.
bool saturates_by_itself(const Storage& storage) { return storage.bits == bit_width(storage.dtype); }

IntegerRange codes_of(const Storage& storage, bool is_weights) {
  if (is_weights) return weight_codes(storage.bits);
  return saturates_by_itself(storage) ? integer_range(storage.dtype) : activation_codes(storage.dtype, storage.bits);
}

class Rewriter {
 public:
  Rewriter(Graph& graph, const QuantPlan& plan) : graph_(graph), plan_(plan) {}

  void run() {
    std::vector<Node*> order;
    for (const auto& node : graph_.nodes()) {
      order.push_back(node.get());
      roles_.emplace(node.get(), roles_of(*node));  // they hang on the types, which are about to change
    }
    for (Value* input : graph_.inputs) rewrite_input(input);
    for (Node* node : order) {
      switch (plan_.of(*node).precision) {
        case Precision::Untouched:
        case Precision::Float: read_reals(*node); break;
        case Precision::Integer: rewrite_integer(*node); break;
        case Precision::Hybrid: store_constants(*node); break;
        case Precision::WeightOnly: restore_constants(*node); break;
      }
    }
    for (Value*& output : graph_.outputs) output = rewrite_output(output);
    order_nodes();
  }

 private:
  // The two forms in which an activation may be at hand; either is made from the other when it is first asked for.
  struct Forms {
    Value* real = nullptr;
    Value* stored = nullptr;
  };

  TensorType stored_type(const Value& value, const Storage& storage) const {
    return {storage.dtype, value.type.shape, storage.quantization};
  }

  void convert(Value* source, Value* result) {
    if (result->type.is_quantized())
      graph_.append_with_results(op("quantize"), QuantizeAttributes{result->type.dtype}, {source}, {result});
    else
      graph_.append_with_results(op("dequantize"), NoAttributes{}, {source}, {result});
  }

  // The same into fewer bits than the storage has.
  void convert(Value* source, Value* result, const Storage& storage) {
    convert(source, saturates_by_itself(storage) ? result : unclipped(result, storage));
  }

  // What a node gives in place of `result`, which becomes that without the codes beyond those of `storage`.
  Value* unclipped(Value* result, const Storage& storage) {
    Value* computed = graph_.add_value(result->name + "_unclipped", result->type);
    clip(computed, result, storage);
    return computed;
  }

  void clip(Value* computed, Value* result, const Storage& storage) {
    Tensor highest(storage.dtype, {1});
    highest.mutable_values<int8_t>()[0] = static_cast<int8_t>(activation_codes(storage.dtype, storage.bits).highest);
    Value* limit = graph_.add_constant(result->name + "_highest", std::move(highest), storage.quantization);
    graph_.append_with_results(op("minimum"), NoAttributes{}, {computed, limit}, {result});
  }

  Value* stored(Value* value, const Storage& storage) {
    Forms& forms = forms_[value];
    if (forms.stored != nullptr) return forms.stored;
    forms.real = value;
    forms.stored =
        graph_.add_value(fmt::format("{}_{}", value->name, to_string(storage.dtype)), stored_type(*value, storage));
    convert(value, forms.stored, storage);
    return forms.stored;
  }

  Value* real(Value* value) {
    const auto found = forms_.find(value);
    if (found == forms_.end()) return value;
    Forms& forms = found->second;
    if (forms.real == nullptr) {
      forms.real = graph_.add_value(value->name + "_f32", {DType::Float32, value->type.shape, {}});
      convert(forms.stored, forms.real);
    }
    return forms.real;
  }

  void read_reals(Node& node) {
    for (Value*& operand : node.operands)
      if (operand != nullptr && !operand->is_constant()) operand = real(operand);
  }

  // A constant keeps its value object: nobody else reads it.
  void store_constant(Value* constant, const Storage& storage) {
    if (constant->type.dtype != DType::Float32) return;
    constant->data = storage.quantization ? quantize_tensor(*constant->data, *storage.quantization, storage.dtype,
                                                            codes_of(storage, weights_.contains(constant)))
                                          : to_float16(*constant->data);
    constant->type.dtype = storage.dtype;
    constant->type.quantization = storage.quantization;
  }

  void store_constants(Node& node) {
    const NodeRoles& roles = roles_.at(&node);
    if (roles.weights) weights_.insert(node.operand(*roles.weights));
    for (Value* operand : node.operands)
      if (operand != nullptr && operand->is_constant())
        if (const Storage* storage = plan_.of(*operand)) store_constant(operand, *storage);
  }

  void restore_constants(Node& node) {
    store_constants(node);
    for (Value*& operand : node.operands) {
      if (operand == nullptr || !operand->is_constant() || plan_.of(*operand) == nullptr) continue;
      Value* restored = graph_.add_value(operand->name + "_f32", {DType::Float32, operand->type.shape, {}});
      convert(operand, restored);
      operand = restored;
    }
  }

  void rewrite_integer(Node& node) {
    const NodeRoles& roles = roles_.at(&node);
    store_constants(node);
    const std::string key = key_of(node);
    for (const size_t i : roles.activations) {
      Value*& operand = node.operands[i];
      const auto other = plan_.requantized.find({key, i});
      const Storage* storage = plan_.of(*operand);
      if (!operand->is_constant()) operand = stored(operand, *storage);
      if (other != plan_.requantized.end()) operand = requantized(operand, other->second);
    }
    for (const size_t i : roles.results) rewrite_result(node, i);
  }

  Value* requantized(Value* value, const Storage& storage) {
    Value* converted = graph_.add_value(value->name + "_requantized", stored_type(*value, storage));
    convert(value, converted, storage);
    return converted;
  }

  void rewrite_result(Node& node, size_t i) {
    Value* value = node.results[i];
    const Storage& storage = *plan_.of(*value);
    if (!graph_.is_output(value)) {
      value->type = stored_type(*value, storage);
      forms_[value].stored = value;
      clip_result(node, i, storage);
      return;
    }
    // An output keeps its name in the form that the outside sees; the node computes a value beside it.
    if (plan_.io == storage.dtype) {
      value->type = stored_type(*value, storage);
      forms_[value] = {nullptr, value};
      clip_result(node, i, storage);
      return;
    }
    Value* computed =
        graph_.add_value(fmt::format("{}_{}", value->name, to_string(storage.dtype)), stored_type(*value, storage));
    set_result(node, i, computed);
    clip_result(node, i, storage);
    forms_[value] = {plan_.io == DType::Float32 ? value : nullptr, computed};
    if (plan_.io != DType::Float32) value->type = outside_type(*value, storage);
    convert(computed, value);
  }

  void set_result(Node& node, size_t i, Value* value) {
    node.results[i] = value;
    value->producer = &node;
  }

  // Where operands and results share their parameters, the codes of the results lie among those of the operands.
  void clip_result(Node& node, size_t i, const Storage& storage) {
    if (saturates_by_itself(storage) || shares_scales(node.op().quantization, storage.dtype)) return;
    set_result(node, i, unclipped(node.results[i], storage));
  }

  // An input or output as the outside sees it. uint8 has the scale of int8 with the zero point moved.
  TensorType outside_type(const Value& value, const Storage& storage) const {
    TensorType type = stored_type(value, storage);
    if (plan_.io == type.dtype) return type;
    PARE_CHECK(plan_.io == DType::UInt8 && type.dtype == DType::Int8);
    type.dtype = DType::UInt8;
    type.quantization->zero_points[0] += 128;
    return type;
  }

  void rewrite_input(Value* input) {
    const Storage* storage = plan_.of(*input);
    if (storage == nullptr || plan_.io == DType::Float32) return;
    Forms& forms = forms_[input];
    input->type = outside_type(*input, *storage);
    forms.stored = input;
    if (input->type.dtype == storage->dtype && saturates_by_itself(*storage)) return;
    forms.stored =
        graph_.add_value(fmt::format("{}_{}", input->name, to_string(storage->dtype)), stored_type(*input, *storage));
    convert(input, forms.stored, *storage);
  }

  // What the graph returns in place of `output`.
  Value* rewrite_output(Value* output) {
    const auto found = forms_.find(output);
    const bool computed_real = output->type.dtype == DType::Float32;
    if (plan_.io == DType::Float32) return found == forms_.end() ? output : real(output);
    const Storage* storage = plan_.of(*output);
    if (!computed_real || storage == nullptr || output->is_constant()) return output;
    // Computed in float: the producer gets another value, and the output becomes its quantised form.
    Node* producer = output->producer;
    PARE_CHECK(producer != nullptr);
    Value* computed = graph_.add_value(output->name + "_f32", output->type);
    graph_.replace_uses(output, computed);
    for (Value*& result : producer->results)
      if (result == output) result = computed;
    computed->producer = producer;
    output->type = outside_type(*output, *storage);
    convert(computed, output);
    return output;
  }

  void order_nodes() {
    const auto sorted = graph_.sort();
    PARE_CHECK(sorted.has_value(), "conversions made a cycle");
  }

  Graph& graph_;
  const QuantPlan& plan_;
  std::unordered_map<const Node*, NodeRoles> roles_;
  std::unordered_map<Value*, Forms> forms_;
  std::unordered_set<const Value*> weights_;  // constants with symmetric codes
};

}  // namespace

Expected<void> apply_plan(Graph& graph, const QuantPlan& plan) {
  Rewriter(graph, plan).run();
  graph.remove_dead();
  return {};
}

}  // namespace pare
