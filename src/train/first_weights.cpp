#include "train/first_weights.h"

#include <cmath>

namespace pare {

Tensor he_normal(Shape shape, int64_t fan_in, Random& random) {
  Tensor tensor(DType::Float32, std::move(shape));
  const auto deviation = static_cast<float>(std::sqrt(2. / static_cast<double>(fan_in)));
  for (float& value : tensor.mutable_values<float>()) value = deviation * random.normal();
  return tensor;
}

Tensor glorot_uniform(Shape shape, int64_t fan_in, int64_t fan_out, Random& random) {
  const auto limit = static_cast<float>(std::sqrt(6. / static_cast<double>(fan_in + fan_out)));
  Tensor tensor(DType::Float32, std::move(shape));
  for (float& value : tensor.mutable_values<float>()) value = random.uniform(-limit, limit);
  return tensor;
}

}  // namespace pare
