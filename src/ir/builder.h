// Builds graphs in code: for tests, and for readers once they have checked what they read. Mistakes are the caller's and throw
// std::invalid_argument, led by the operator: "[conv_2d] operand 'src' has rank 3...".
//
//   GraphBuilder build;
//   Value* x = build.input("x", {kDynamic, 8, 8, 3});
//   Value* y = build.op("conv_2d", {x, build.constant("w", weights)}, Conv2dAttributes{.stride_h = 2});
//   Graph graph = build.finish({build.op("relu", {y})});
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"

namespace pare {

class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name = "main") : graph_(std::move(name)) {}

  Value* input(std::string name, Shape shape, DType dtype = DType::Float32,
               std::optional<Quantization> quantization = {});
  Value* constant(std::string name, Tensor data, std::optional<Quantization> quantization = {});

  // The result of an operator with one result. Attributes left out are the operator's defaults; a result without a name is called
  // after its operator.
  Value* op(std::string_view op_name, std::vector<Value*> operands, std::optional<Attributes> attributes = {},
            std::string result = {});
  // All results of an operator, one a name.
  std::vector<Value*> ops(std::string_view op_name, std::vector<Value*> operands, std::optional<Attributes> attributes,
                          std::vector<std::string> results);
  // Sets what the integers of a value mean; the dtype becomes `storage`.
  Value* quantized(Value* value, DType storage, Quantization quantization);

  // Verifies and hands over the graph; the builder is empty afterwards.
  Graph finish(std::vector<Value*> outputs);

 private:
  Graph graph_;
};

}  // namespace pare
