// The text form of graphs: for people, for tests of passes (graph in, pass, graph out) and for diffs.
//
//   graph "main" (%input: f32[?, 7, 9, 3]) {
//     %weights = constant f32[8, 3, 3, 3] (...)
//     %bias = constant f32[2] (0.5, 1)
//     %conv = conv_2d(%input, %weights, %bias) {padding = valid, stride_h = 2} : f32[?, 3, 7, 8]
//     %a, %b = split(%axis, %conv) {num_splits = 2} : f32[?, 3, 7, 4], f32[?, 3, 7, 4]
//     return %a, %b
//   }
//
// A name with other characters than letters, digits and _./:- stands in quotes: %"my tensor". An absent optional operand is `none`.
// Attributes that have their default are left out. A type may end in ` quant(0.5, -128)`, or for several scales in
// ` quant(axis=0, [0.5, 0.25], [0, 0])` or `quant(block=32, ...)`. A constant of one listed value has it in every element. Comments
// begin with // and end with the line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "ir/graph.h"

namespace pare {

struct PrintOptions {
  int64_t max_elements = 16;  // a constant with more is printed as (...); -1: every constant
};

std::string print(const Graph& graph, const PrintOptions& options = {});

// Reads the text form and verifies the graph. The types of results may be left out; they are inferred. Errors say line and column,
// what was found and what was expected. A constant printed as (...) has lost its data and is refused.
Expected<Graph> parse_graph(std::string_view text);

// The same where the data of such constants lie elsewhere: `data_of` gives them by name.
using ConstantData = std::function<Expected<Tensor>(const std::string& name)>;
Expected<Graph> parse_graph(std::string_view text, const ConstantData& data_of);

}  // namespace pare
