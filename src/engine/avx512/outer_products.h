// Sums of outer products, for processors with AVX-512: what the gradients of weights come down to on NHWC activations.
#pragma once

#include "engine/avx512/product.h"

namespace pare::avx512 {

// Rows of both operands that stay in cache while every tile reads them.
inline constexpr int64_t kOuterRowsAtOnce = 256;

// dst[m][r * rows.run_length + k] += sum over p in [begin, end) of left[p * count + m] * rows.at(p, r)[k], for m below `count`.
void add_outer_products(const GatheredRows<float>& rows, const float* left, int64_t count, int64_t begin, int64_t end,
                        float* dst);

// The same of rows of one stretch, both sides rounded to bfloat16 on the way, with sums in float. `scratch` holds
// outer_pair_elements(rows.run_length, count).
void add_outer_products(const GatheredRows<float>& rows, const float* left, int64_t count, int64_t begin, int64_t end,
                        BFloat16* scratch, float* dst);
int64_t outer_pair_elements(int64_t run_length, int64_t count);

}  // namespace pare::avx512
