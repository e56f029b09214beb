// Both ways between a weight of a Keras file and the constant that it becomes.
#pragma once

#include "ir/keras_origin.h"

namespace pare::keras {

// The layout of a weight of this shape; an empty `graph` stands for the shape that the permutation gives.
WeightLayout layout_of(Shape file, std::vector<int> permutation = {}, Shape graph = {});

// Whether the shapes hold as many elements and the permutation is one; for layouts that come from a file.
bool is_valid(const WeightLayout& layout);

Tensor to_graph(const WeightLayout& layout, const Tensor& weight);   // float32 of the shape `layout.file`
Tensor to_file(const WeightLayout& layout, const Tensor& constant);  // float32 of the shape `layout.graph`

}  // namespace pare::keras
