#include "engine/avx512/outer_products.h"

#include "engine/avx512/outer_product_tiles.h"

namespace pare::avx512 {
namespace {

struct F32 {
  using Element = float;
  static __m512 load(__mmask16 mask, const Element* at) { return _mm512_maskz_loadu_ps(mask, at); }
  static __m512 broadcast(const Element* at) { return _mm512_set1_ps(*at); }
  static __m512 multiply_add(__m512 factor, __m512 x, __m512 sum) { return _mm512_fmadd_ps(factor, x, sum); }
};

}  // namespace

void add_outer_products(const GatheredRows<float>& rows, const float* left, int64_t count, int64_t begin, int64_t end,
                        float* dst) {
  for (int64_t from = begin; from < end; from += kOuterRowsAtOnce)
    outer::add<F32>(rows, left, count, from, std::min(end, from + kOuterRowsAtOnce), dst);
}

}  // namespace pare::avx512
