// The slow and obvious way to address tensors: by coordinates. Reference operators of the tests are written with it.
#pragma once

#include <functional>

#include "base/tensor.h"

namespace pare {

using Index = std::vector<int64_t>;

inline void for_each_index(const Shape& shape, const std::function<void(const Index&)>& visit) {
  Index index(static_cast<size_t>(shape.rank()), 0);
  for (int64_t count = shape.elements(); count > 0; --count) {
    visit(index);
    for (size_t d = index.size(); d-- > 0;) {
      if (++index[d] < shape.dims()[d]) break;
      index[d] = 0;
    }
  }
}

inline size_t offset_of(const Shape& shape, const Index& index) {
  int64_t offset = 0;
  for (size_t d = 0; d < index.size(); ++d) offset = offset * shape.dims()[d] + index[d];
  return static_cast<size_t>(offset);
}

// The element of a tensor that is broadcast to a larger shape, at a place in that shape.
template <class T>
T broadcast_at(const Tensor& tensor, const Index& index) {
  const Shape& shape = tensor.shape();
  Index own(index.end() - shape.rank(), index.end());
  for (size_t d = 0; d < own.size(); ++d)
    if (shape.dims()[d] == 1) own[d] = 0;
  return tensor.values<T>()[offset_of(shape, own)];
}

// The tensor whose element at each place is value(place).
template <class T>
Tensor tensor_of(const Shape& shape, const std::function<T(const Index&)>& value) {
  Tensor tensor(dtype_of<T>, shape);
  size_t next = 0;
  auto values = tensor.mutable_values<T>();
  for_each_index(shape, [&](const Index& index) { values[next++] = value(index); });
  return tensor;
}

}  // namespace pare
