// Shapes from untrusted files.
#pragma once

#include "base/shape.h"

namespace pare {

inline constexpr int kMostDimensions = 8;  // of a tensor
inline constexpr int64_t kMostElements = int64_t{1} << 48;

// Whether products of these extents can be computed with: none is below kDynamic, and the known ones, 0 taken as 1, multiply to at
// most kMostElements.
bool is_plausible(const Shape& shape);

// The product of two numbers from 0 on; where it is above kMostElements, some number above that.
int64_t plausible_product(int64_t a, int64_t b);

}  // namespace pare
