// How sums in float begin and end, for Arithmetic of product_tiles.h. Only for files compiled with AVX-512.
#pragma once

#include <immintrin.h>

#include "engine/avx512/product.h"

namespace pare::avx512 {

struct FloatSums {
  using Result = float;
  using Epilogue = EpilogueF32;
  using Register = __m512;

  static Register begin(const Epilogue& epilogue, int64_t column, __mmask16 mask) {
    return epilogue.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, epilogue.bias + column);
  }

  struct Finish {
    Finish(const Epilogue& epilogue, int64_t, __mmask16 used)
        : mask(used),
          addend(epilogue.addend),
          lowest(_mm512_set1_ps(epilogue.lowest)),
          highest(_mm512_set1_ps(epilogue.highest)) {}
    void store(Register sum, int64_t at, Result* dst) const {
      if (addend != nullptr) sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, addend + at));
      _mm512_mask_storeu_ps(dst + at, mask, _mm512_min_ps(_mm512_max_ps(sum, lowest), highest));
    }
    __mmask16 mask;
    const float* addend;
    __m512 lowest, highest;
  };
};

}  // namespace pare::avx512
