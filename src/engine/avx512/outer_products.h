// Sums of outer products, for processors with AVX-512: what the gradients of weights come down to on NHWC activations.
#pragma once

#include "engine/avx512/product.h"

namespace pare::avx512 {

// dst[m][r * rows.run_length + k] += sum over p in [begin, end) of left[p * count + m] * rows.at(p, r)[k], for m below `count`.
void add_outer_products(const GatheredRows<float>& rows, const float* left, int64_t count, int64_t begin, int64_t end,
                        float* dst);

}  // namespace pare::avx512
