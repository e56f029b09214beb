// Checks that shape rules share.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "ir/op_def.h"

namespace pare {

// Operand `index`, called `name` in messages, must have this rank.
Expected<void> check_rank(const InferContext& context, size_t index, std::string_view name, int rank);
// Strides, dilations, window extents: at least 1, and no more than a tensor can have.
Expected<void> check_positive(std::initializer_list<std::pair<std::string_view, int64_t>> values);
// An optional bias has one element for each output channel.
Expected<void> check_bias(const InferContext& context, size_t index, int64_t channels);
// A dimension number in [-rank, rank); returns it in [0, rank).
Expected<int> check_axis(int64_t axis, int rank);

// The elements of an integer operand that must be constant: axes, permutations, paddings.
Expected<std::vector<int64_t>> constant_operand(const InferContext& context, size_t index, std::string_view name);
// The elements of an integer constant that stand for positions, extents or counts. Those beyond any tensor are cut to kMostElements on
// either side, so that rules can add them up.
std::vector<int64_t> index_values(const Tensor& constant);
// The shape that a one-dimensional operand gives: its elements where it is constant, else as many unknown extents.
Expected<Shape> shape_operand(const InferContext& context, size_t index, std::string_view name);
// Indices and shapes: int32 or int64.
Expected<void> check_index_type(const InferContext& context, size_t index, std::string_view name);

}  // namespace pare
