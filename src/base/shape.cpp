#include "base/shape.h"

#include <algorithm>

#include "base/plausible_shape.h"

namespace pare {

bool Shape::is_static() const {
  return std::all_of(dims_.begin(), dims_.end(), [](int64_t extent) { return extent >= 0; });
}

int64_t Shape::elements() const { return elements(0, rank()); }

int64_t Shape::elements(int from, int to) const {
  int64_t product = 1;
  for (int i = from; i < to; ++i) {
    PARE_CHECK((*this)[i] >= 0, "shape {} is not static", to_string());
    product *= (*this)[i];
  }
  return product;
}

std::optional<int64_t> Shape::checked_elements() const {
  int64_t product = 1;
  for (const int64_t extent : dims_) {
    if (extent < 0 || extent > kMostElements) return std::nullopt;
    if (extent != 0 && product > kMostElements / extent) return std::nullopt;
    product *= extent;
  }
  return product;
}

bool Shape::compatible_with(const Shape& other) const {
  return std::equal(begin(), end(), other.begin(), other.end(),
                    [](int64_t a, int64_t b) { return a == b || a == kDynamic || b == kDynamic; });
}

std::string Shape::to_string() const {
  std::string text = "[";
  for (int i = 0; i < rank(); ++i) {
    if (i > 0) text += ", ";
    text += (*this)[i] == kDynamic ? "?" : std::to_string((*this)[i]);
  }
  return text + "]";
}

std::vector<int64_t> row_major_strides(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()), 1);
  for (int i = shape.rank() - 2; i >= 0; --i)
    strides[static_cast<size_t>(i)] = strides[static_cast<size_t>(i) + 1] * shape[i + 1];
  return strides;
}

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> dims(static_cast<size_t>(rank));
  for (int i = 1; i <= rank; ++i) {
    const int64_t x = i <= a.rank() ? a[-i] : 1;
    const int64_t y = i <= b.rank() ? b[-i] : 1;
    int64_t& out = dims[static_cast<size_t>(rank - i)];
    if (x == y || y == 1)
      out = x;
    else if (x == 1)
      out = y;
    else if (x == kDynamic)
      out = y;  // a known extent above 1 decides
    else if (y == kDynamic)
      out = x;
    else
      return std::nullopt;
  }
  return Shape(std::move(dims));
}

}  // namespace pare
