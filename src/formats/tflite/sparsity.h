// Sparse constants of .tflite files.
#pragma once

#include <cstddef>
#include <span>

#include "base/error.h"
#include "base/tensor.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

// The dense tensor of a sparse one. Dimensions, and blocks of them after the dimensions proper, are stored in traversal order, each
// dense or as compressed rows (segments and indices); `stored` holds the values that are there, in that order. Source: the comments of
// SparsityParameters in the public TFLite schema.
// Fails for contradictory indices and for a size beyond what `stored` makes plausible (a small file must not ask for all memory).
Expected<Tensor> densify(const schema::SparsityParameters& sparsity, DType dtype, const Shape& shape,
                         std::span<const std::byte> stored);

}  // namespace pare::tflite
