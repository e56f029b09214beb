#include "ir/graph_writer.h"

namespace pare {

Value* GraphWriter::op(std::string_view op_name, std::vector<Value*> operands, std::optional<Attributes> attributes) {
  return ops(op_name, std::move(operands), 1, std::move(attributes)).front();
}

std::vector<Value*> GraphWriter::ops(std::string_view op_name, std::vector<Value*> operands, size_t results,
                                     std::optional<Attributes> attributes) {
  const std::vector<Value*> none(results, nullptr);
  if (failure_) return none;
  const OpDef* op = find_op(op_name);
  PARE_CHECK(op != nullptr, "there is no operator '{}'", op_name);
  auto added = graph_.append(*op, attributes ? std::move(*attributes) : op->attributes, std::move(operands),
                             std::vector<std::string>(results, name_));
  if (added) return (*added)->results;
  failure_ = added.error();
  return none;
}

Value* GraphWriter::constant(Tensor data) { return graph_.add_constant(name_ + "/constant", std::move(data)); }

Value* GraphWriter::scalar(float value) { return constant(Tensor::scalar(value)); }

Value* GraphWriter::indices(const std::vector<int64_t>& values) {
  return indices(values, Shape{static_cast<int64_t>(values.size())});
}

Value* GraphWriter::indices(const std::vector<int64_t>& values, const Shape& shape) {
  Tensor tensor(DType::Int32, shape);
  const auto out = tensor.mutable_values<int32_t>();
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int32_t>(values[i]);
  return constant(std::move(tensor));
}

Value* GraphWriter::dimensions(int first, int last) {
  std::vector<int64_t> numbers;
  for (int i = first; i < last; ++i) numbers.push_back(i);
  return indices(numbers);
}

void GraphWriter::refuse(std::string reason) {
  if (!failure_) failure_ = Error{ErrorCode::Unsupported, std::move(reason), "", nullptr};
}

Expected<Value*> GraphWriter::finish(Value* value) {
  if (failure_) return Failure(*failure_);
  return value;
}

}  // namespace pare
