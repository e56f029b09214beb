#include "ir/builder.h"

#include <stdexcept>
#include <utility>

#include "ir/verify.h"

namespace pare {
namespace {

[[noreturn]] void refuse(std::string_view op_name, const std::string& message) {
  throw std::invalid_argument(fmt::format("[{}] {}", op_name, message));
}

}  // namespace

Value* GraphBuilder::input(std::string name, Shape shape, DType dtype, std::optional<Quantization> quantization) {
  TensorType type{dtype, std::move(shape), std::move(quantization)};
  if (auto ok = verify(type); !ok) refuse("input " + name, ok.error().to_string());
  return graph_.add_input(std::move(name), std::move(type));
}

Value* GraphBuilder::constant(std::string name, Tensor data, std::optional<Quantization> quantization) {
  const TensorType type{data.dtype(), data.shape(), quantization};
  if (auto ok = verify(type); !ok) refuse("constant " + name, ok.error().to_string());
  return graph_.add_constant(std::move(name), std::move(data), std::move(quantization));
}

Value* GraphBuilder::op(std::string_view op_name, std::vector<Value*> operands, std::optional<Attributes> attributes,
                        std::string result) {
  if (result.empty()) result = op_name;
  return ops(op_name, std::move(operands), std::move(attributes), {std::move(result)}).front();
}

std::vector<Value*> GraphBuilder::ops(std::string_view op_name, std::vector<Value*> operands,
                                      std::optional<Attributes> attributes, std::vector<std::string> results) {
  const OpDef* op = find_op(op_name);
  if (op == nullptr) refuse(op_name, "there is no operator of this name");
  if (attributes && !attributes->same_type_as(op->attributes))
    refuse(op_name, "the attributes are those of another operator");
  const size_t count = results.size();
  auto added =
      graph_.append(*op, attributes ? std::move(*attributes) : op->attributes, std::move(operands), std::move(results));
  if (!added) refuse(op_name, added.error().to_string());
  if ((*added)->results.size() != count)
    refuse(op_name, fmt::format("{} names for {} results", count, (*added)->results.size()));
  return (*added)->results;
}

Value* GraphBuilder::quantized(Value* value, DType storage, Quantization quantization) {
  TensorType type{storage, value->type.shape, std::move(quantization)};
  if (auto ok = verify(type); !ok) refuse("tensor " + value->name, ok.error().to_string());
  value->type = std::move(type);
  return value;
}

Graph GraphBuilder::finish(std::vector<Value*> outputs) {
  graph_.outputs = std::move(outputs);
  if (auto ok = verify(graph_); !ok) refuse("graph " + graph_.name, ok.error().to_string());
  return std::exchange(graph_, Graph());
}

}  // namespace pare
