// bfloat16: the upper half of a float, 8 binary digits. Products of pairs of them cost what one product of floats does, for processors with
// AVX-512 BF16.
#pragma once

#include <cstdint>

namespace pare::avx512 {

struct BFloat16 {
  uint16_t bits;
};

// Rounded to nearest, ties to even; subnormals become zero.
void to_bfloat16(const float* from, int64_t count, BFloat16* to);

// Rows a and b of `count` numbers as pairs a[i], b[i], rounded likewise. b may be null: zeros.
void to_bfloat16_pairs(const float* a, const float* b, int64_t count, BFloat16* to);

}  // namespace pare::avx512
