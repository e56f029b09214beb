#include "formats/tflite/graph_reader.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "base/plausible_shape.h"
#include "formats/tflite/element_types.h"
#include "formats/tflite/operator_names.h"
#include "formats/tflite/options.h"
#include "formats/tflite/quantization.h"
#include "ir/verify.h"

namespace pare::tflite {
namespace {

std::string name_of(const schema::Tensor& record) {
  return record.name() == nullptr ? std::string() : record.name()->str();
}

// The shape with its free dimensions; a rank-0 shape also stands for an unknown one.
Expected<Shape> shape_of(const schema::Tensor& record) {
  const auto* extents = record.shape();
  if (const auto* free = record.shape_signature(); free != nullptr && free->size() > 0) {
    if (extents != nullptr && extents->size() != free->size())
      return bad_input("its shape has {} dimensions, its shape signature {}", extents->size(), free->size());
    extents = free;
  }
  Shape shape;
  if (extents == nullptr) return shape;
  if (extents->size() > kMostDimensions)
    return unsupported("a tensor of {} dimensions; at most {} are read", extents->size(), kMostDimensions);
  for (const int32_t extent : *extents) {
    if (extent < kDynamic) return bad_input("an extent of {}", extent);
    shape.push_back(extent);
  }
  if (!is_plausible(shape)) return bad_input("the shape {} is beyond any memory", shape.to_string());
  return shape;
}

class GraphReader {
 public:
  GraphReader(const schema::Model& model, const schema::SubGraph& record, Constants& constants)
      : model_(model),
        record_(record),
        constants_(constants),
        tensors_(record.tensors() == nullptr ? 0 : record.tensors()->size()),
        inputs_(tensors_),
        outputs_(tensors_),
        produced_(tensors_),
        only_scales_(tensors_) {
    read_.graph.name = record.name() == nullptr || record.name()->size() == 0 ? "main" : record.name()->str();
    read_.values.resize(tensors_);
  }

  Expected<ReadGraph> read() {
    PARE_TRY(survey());
    for (size_t i = 0; i < tensors_; ++i)
      if (!only_scales_[i]) PARE_TRY(located(read_tensor(i), fmt::format("tensor {} '{}'", i, name_of(tensor(i)))));
    PARE_TRY(read_interface());
    if (record_.operators() != nullptr)
      for (size_t i = 0; i < record_.operators()->size(); ++i) PARE_TRY(read_operator(i));
    forget_unpacked();
    PARE_TRY(verify(read_.graph));
    return std::move(read_);
  }

 private:
  static Expected<void> located(Expected<void> result, const std::string& where) {
    if (!result) return Failure(result.error().within(where));
    return {};
  }

  const schema::Tensor& tensor(size_t index) const {
    return *record_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(index));
  }

  bool in_interface(size_t index) const { return inputs_[index] || outputs_[index]; }

  Expected<size_t> checked_index(int64_t index) const {
    if (index < 0 || index >= static_cast<int64_t>(tensors_))
      return bad_input("tensor {} of a graph with {} tensors", index, tensors_);
    return static_cast<size_t>(index);
  }

  // What each tensor is for: who computes it, what only carries block-wise scales.
  Expected<void> survey() {
    std::vector<bool> used(tensors_);
    const auto mark = [this](const flatbuffers::Vector<int32_t>* indices, std::vector<bool>& marks,
                             bool optional) -> Expected<void> {
      if (indices == nullptr) return {};
      for (const int32_t index : *indices) {
        if (optional && index == -1) continue;
        PARE_ASSIGN(const size_t at, checked_index(index));
        marks[at] = true;
      }
      return {};
    };
    PARE_TRY(located(mark(record_.inputs(), inputs_, false), "inputs"));
    PARE_TRY(located(mark(record_.outputs(), outputs_, false), "outputs"));
    if (record_.operators() != nullptr)
      for (size_t i = 0; i < record_.operators()->size(); ++i) {
        const schema::Operator& op = *record_.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
        PARE_TRY(located(mark(op.inputs(), used, true), fmt::format("operator {}", i)));
        PARE_TRY(located(mark(op.outputs(), produced_, false), fmt::format("operator {}", i)));
      }
    for (size_t i = 0; i < tensors_; ++i) {
      const BlockTensors blocks = block_tensors(tensor(i));
      for (const int32_t index : {blocks.scales, blocks.zero_points})
        if (index >= 0 && static_cast<size_t>(index) < tensors_ && !used[static_cast<size_t>(index)] &&
            !produced_[static_cast<size_t>(index)] && !in_interface(static_cast<size_t>(index)))
          only_scales_[static_cast<size_t>(index)] = true;
    }
    for (size_t i = 0; i < tensors_; ++i)
      if (in_interface(i)) interface_names_.insert(name_of(tensor(i)));
    return {};
  }

  Expected<Tensor> constant_at(int32_t index) {
    PARE_ASSIGN(const size_t at, checked_index(index));
    PARE_ASSIGN(const DType dtype, dtype_of(tensor(at).type()));
    PARE_ASSIGN(const Shape shape, shape_of(tensor(at)));
    return constants_.tensor(tensor(at), dtype, shape);
  }

  // Names are unique in a graph of ours; inputs and outputs keep theirs, others get their number where it is taken.
  std::string unique_name(size_t index) const {
    std::string name = name_of(tensor(index));
    const bool taken =
        read_.graph.find_value(name) != nullptr || (!in_interface(index) && interface_names_.contains(name));
    return name.empty() || taken ? fmt::format("{}:{}", name.empty() ? "tensor" : name, index) : name;
  }

  // A tensor with data, or one without elements that nobody computes.
  Expected<bool> is_constant(size_t index, const Shape& shape) const {
    const schema::Tensor& record = tensor(index);
    if (record.external_buffer() != 0) return unsupported("its data lie in another file; save the network as one file");
    PARE_ASSIGN(const auto stored, constants_.bytes(record.buffer()));
    if (!stored.empty() || record.sparsity() != nullptr) return true;
    return !produced_[index] && !inputs_[index] && !record.is_variable() && shape.checked_elements() == 0;
  }

  Expected<void> read_tensor(size_t index) {
    const schema::Tensor& record = tensor(index);
    TensorType type;
    PARE_ASSIGN(type.dtype, dtype_of(record.type()));
    PARE_ASSIGN(type.shape, shape_of(record));
    PARE_ASSIGN(type.quantization,
                read_quantization(record.quantization(), type.dtype, [this](int32_t at) { return constant_at(at); }));
    PARE_ASSIGN(const bool constant, is_constant(index, type.shape));
    if (constant && (record.is_variable() || produced_[index]))
      return bad_input("it has data of its own and is also {}",
                       record.is_variable() ? "a variable" : "computed by an operator");
    std::optional<Tensor> data;
    if (constant) { PARE_ASSIGN(data, constants_.tensor(record, type.dtype, type.shape)); }
    Value* value = read_.graph.add_value(unique_name(index), std::move(type));
    value->data = std::move(data);
    value->is_variable = record.is_variable();
    value->file_index = static_cast<int>(index);
    read_.values[index] = value;
    return {};
  }

  Expected<void> read_interface() {
    std::unordered_set<const Value*> seen;
    if (record_.inputs() != nullptr)
      for (const int32_t index : *record_.inputs()) {
        Value* value = read_.values[static_cast<size_t>(index)];
        if (value->is_constant()) return bad_input("the input '{}' has data of its own", value->name);
        if (!seen.insert(value).second) return bad_input("'{}' is an input twice", value->name);
        read_.graph.inputs.push_back(value);
      }
    if (record_.outputs() != nullptr)
      for (const int32_t index : *record_.outputs())
        read_.graph.outputs.push_back(read_.values[static_cast<size_t>(index)]);
    return {};
  }

  Expected<void> read_operator(size_t index) {
    const schema::Operator& record = *record_.operators()->Get(static_cast<flatbuffers::uoffset_t>(index));
    const std::string where = fmt::format("operator {}", index);
    PARE_ASSIGN_IN(const OperatorName name, operator_name(model_, record.opcode_index()), where);
    std::vector<Value*> operands, results;
    if (record.inputs() != nullptr)
      for (const int32_t i : *record.inputs())
        operands.push_back(i == -1 ? nullptr : read_.values[static_cast<size_t>(i)]);
    if (record.outputs() != nullptr)
      for (const int32_t i : *record.outputs()) results.push_back(read_.values[static_cast<size_t>(i)]);
    return located(append(record, name, std::move(operands), std::move(results)),
                   fmt::format("{} {}", where, name.tflite));
  }

  Expected<void> append(const schema::Operator& record, const OperatorName& name, std::vector<Value*> operands,
                        std::vector<Value*> results) {
    if (name.tflite == "DENSIFY") return replace_by_dense(operands, results);
    const OpDef* op = find_op(name.pare);
    if (op == nullptr)
      return unsupported("the operator {} is not one that Pare reads; docs/reference/operators.md lists those",
                         name.tflite);
    Attributes attributes = op->attributes;
    if (const OptionsMapping* mapping = find_options(op->name); mapping != nullptr) {
      PARE_ASSIGN(attributes, mapping->read({record, *op, operands, results}));
    }
    for (const Value* result : results)
      if (result->producer != nullptr) return bad_input("its result '{}' has another producer", result->name);
    Node* node = read_.graph.append_with_results(*op, std::move(attributes), std::move(operands), std::move(results));
    return complete_types(*node);
  }

  // Sparse constants are dense already; what unpacks them is the constant itself.
  Expected<void> replace_by_dense(const std::vector<Value*>& operands, const std::vector<Value*>& results) {
    if (operands.size() != 1 || results.size() != 1 || operands[0] == nullptr || !operands[0]->is_constant())
      return bad_input("it does not unpack one constant");
    if (operands[0]->type.dtype != results[0]->type.dtype || operands[0]->type.shape != results[0]->type.shape ||
        results[0]->producer != nullptr)
      return bad_input("it makes {} of {}", to_string(results[0]->type), to_string(operands[0]->type));
    results[0]->data = operands[0]->data;
    if (tensor(static_cast<size_t>(operands[0]->file_index)).sparsity() != nullptr)
      unpacked_.emplace(static_cast<size_t>(operands[0]->file_index), results[0]);
    return {};
  }

  // Sparse constants that only DENSIFY read go; signatures that name one get the dense one.
  void forget_unpacked() {
    for (const auto& [index, dense] : unpacked_) {
      if (read_.graph.use_count(read_.values[index]) > 0) continue;
      read_.graph.erase(read_.values[index]);
      read_.values[index] = dense;
    }
  }

  // Writers leave the shape of a result out where its rank is known only at run time; the shape rule may know it.
  Expected<void> complete_types(const Node& node) {
    PARE_ASSIGN(const std::vector<TensorType> types, infer_types(node, node.results.size()));
    for (size_t i = 0; i < std::min(types.size(), node.results.size()); ++i)
      if (node.results[i]->type.shape.empty()) node.results[i]->type.shape = types[i].shape;
    return {};
  }

  const schema::Model& model_;
  const schema::SubGraph& record_;
  Constants& constants_;
  size_t tensors_;
  std::vector<bool> inputs_, outputs_, produced_, only_scales_;  // by tensor number
  std::unordered_set<std::string> interface_names_;
  ReadGraph read_;
  std::map<size_t, Value*> unpacked_;  // by the tensor number of a sparse constant: the dense one that DENSIFY makes
};

}  // namespace

Expected<ReadGraph> read_graph(const schema::Model& model, const schema::SubGraph& record, Constants& constants) {
  return GraphReader(model, record, constants).read();
}

}  // namespace pare::tflite
