// Appends operators to a graph. The first failure is kept and nothing is appended after it, so that formulas read like formulas.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace pare {

class GraphWriter {
 public:
  // Results are called `name`, constants after it.
  GraphWriter(Graph& graph, std::string name) : graph_(graph), name_(std::move(name)) {}

  // An operator with one result, or with several. Attributes left out are its defaults. Null once something failed.
  Value* op(std::string_view op_name, std::vector<Value*> operands, std::optional<Attributes> attributes = {});
  std::vector<Value*> ops(std::string_view op_name, std::vector<Value*> operands, size_t results,
                          std::optional<Attributes> attributes = {});
  Value* constant(Tensor data);
  Value* scalar(float value);
  Value* indices(const std::vector<int64_t>& values);  // int32, one dimension
  Value* indices(const std::vector<int64_t>& values, const Shape& shape);
  Value* dimensions(int first, int last);  // their numbers: indices first, first + 1, ..., last - 1

  // For what a formula does not cover.
  void refuse(std::string reason);
  bool failed() const { return failure_.has_value(); }
  // The value, or the first failure.
  Expected<Value*> finish(Value* value);

 protected:
  Graph& graph_;
  std::string name_;
  std::optional<Error> failure_;
};

}  // namespace pare
