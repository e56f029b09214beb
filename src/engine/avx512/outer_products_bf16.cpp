#include <algorithm>

#include "engine/avx512/outer_product_tiles.h"
#include "engine/avx512/outer_products.h"
#include "engine/avx512/pairs.h"

namespace pare::avx512 {
namespace {

// The numbers of one column in two rows.
struct Pair {
  BFloat16 first, second;
};

struct BF16 {
  using Element = Pair;
  static __m512 load(__mmask16 mask, const Element* at) { return _mm512_maskz_loadu_ps(mask, at); }
  static __m512 broadcast(const Element* at) { return broadcast_pair(at); }
  static __m512 multiply_add(__m512 factor, __m512 x, __m512 sum) { return add_products(factor, x, sum); }
};

}  // namespace

int64_t outer_pair_elements(int64_t run_length, int64_t count) { return kOuterRowsAtOnce * (run_length + count); }

void add_outer_products(const GatheredRows<float>& rows, const float* left, int64_t count, int64_t begin, int64_t end,
                        BFloat16* scratch, float* dst) {
  const int64_t length = rows.run_length, only_run = 0;
  BFloat16* lefts = scratch + kOuterRowsAtOnce * length;
  for (int64_t from = begin; from < end; from += kOuterRowsAtOnce) {
    const int64_t to = std::min(end, from + kOuterRowsAtOnce);
    for (int64_t p = from; p < to; p += 2) {
      const bool both = p + 1 < to;
      to_bfloat16_pairs(rows.at(p, 0), both ? rows.at(p + 1, 0) : nullptr, length, scratch + (p - from) * length);
      to_bfloat16_pairs(left + p * count, both ? left + (p + 1) * count : nullptr, count, lefts + (p - from) * count);
    }
    outer::add<BF16>({reinterpret_cast<const Pair*>(scratch), nullptr, length, &only_run, 1, length},
                     reinterpret_cast<const Pair*>(lefts), count, 0, (to - from + 1) / 2, dst);
  }
}

}  // namespace pare::avx512
