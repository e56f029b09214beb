// Random tensors and small networks for tests.
#pragma once

#include <vector>

#include "base/random.h"
#include "base/tensor.h"

namespace pare::testing {

inline Tensor random_tensor(Shape shape, Random& random, float low = -1, float high = 1) {
  Tensor tensor(DType::Float32, std::move(shape));
  for (float& value : tensor.mutable_values<float>()) value = random.uniform(low, high);
  return tensor;
}

}  // namespace pare::testing
