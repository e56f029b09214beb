// What the weights of a layer are before it has learned.
#pragma once

#include "base/random.h"
#include "base/tensor.h"

namespace pare {

// He et al. (2015): normal with the variance 2 / fan_in; for layers with a rectifier behind.
Tensor he_normal(Shape shape, int64_t fan_in, Random& random);

// Glorot and Bengio (2010): uniform with the variance 2 / (fan_in + fan_out).
Tensor glorot_uniform(Shape shape, int64_t fan_in, int64_t fan_out, Random& random);

}  // namespace pare
