#include "base/plausible_shape.h"

namespace pare {

bool is_plausible(const Shape& shape) {
  Shape known = shape;
  for (int i = 0; i < known.rank(); ++i)
    if (known[i] == kDynamic || known[i] == 0) known[i] = 1;
  return known.checked_elements().has_value();
}

int64_t plausible_product(int64_t a, int64_t b) { return b != 0 && a > kMostElements / b ? kMostElements + 1 : a * b; }

}  // namespace pare
