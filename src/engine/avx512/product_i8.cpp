#include <cstring>

#include "engine/avx512/product_tiles.h"

namespace pare::avx512 {
namespace {

struct I8 {
  using Element = int8_t;
  using Result = int8_t;
  using Packed = PackedI8;
  using Epilogue = EpilogueI8;
  using Register = __m512i;
  static constexpr int kStep = 4;

  static Register begin(const Epilogue& epilogue, int64_t column, __mmask16 mask) {
    return _mm512_maskz_loadu_epi32(mask, epilogue.bias + column);
  }
  static Register load(const Element* weights) { return _mm512_load_si512(weights); }
  static Register broadcast(const Element* src) {
    using Unaligned [[gnu::aligned(1), gnu::may_alias]] = int32_t;
    return _mm512_xor_si512(_mm512_set1_epi32(*reinterpret_cast<const Unaligned*>(src)),
                            _mm512_set1_epi8(static_cast<char>(0x80)));  // + 128
  }
  static Register multiply_add(Register x, Register w, Register sum) {
    // The intrinsic makes GCC 12 copy the accumulator and keep a second one in memory.
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w));
    return sum;
  }

  struct Finish {
    Finish(const Epilogue& epilogue, int64_t column, __mmask16 used)
        : mask(used),
          scales(_mm512_maskz_loadu_ps(used, epilogue.scales + column)),
          zero_point(_mm512_set1_epi32(epilogue.zero_point)),
          lowest(_mm512_set1_epi32(epilogue.lowest)),
          highest(_mm512_set1_epi32(epilogue.highest)) {}
    void store(Register sum, int64_t at, Result* dst) const {
      const __m512i rounded = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_cvtepi32_ps(sum), scales));
      const __m512i limited =
          _mm512_min_epi32(_mm512_max_epi32(_mm512_add_epi32(rounded, zero_point), lowest), highest);
      _mm_mask_storeu_epi8(dst + at, mask, _mm512_cvtepi32_epi8(limited));
    }
    __mmask16 mask;
    __m512 scales;
    __m512i zero_point, lowest, highest;
  };
};

// The same sums, to float results.
struct I8Dynamic : I8 {
  using Result = float;
  using Epilogue = EpilogueDynamic;

  static Register begin(const Epilogue& epilogue, int64_t column, __mmask16 mask) {
    return _mm512_mullo_epi32(_mm512_maskz_loadu_epi32(mask, epilogue.sums + column),
                              _mm512_set1_epi32(epilogue.shift));
  }

  struct Finish {
    Finish(const Epilogue& epilogue, int64_t column, __mmask16 used)
        : mask(used),
          scales(_mm512_mul_ps(_mm512_maskz_loadu_ps(used, epilogue.weight_scales + column),
                               _mm512_set1_ps(epilogue.scale))),
          bias(epilogue.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(used, epilogue.bias + column)),
          lowest(_mm512_set1_ps(epilogue.lowest)),
          highest(_mm512_set1_ps(epilogue.highest)) {}
    void store(Register sum, int64_t at, Result* dst) const {
      const __m512 real = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scales, bias);
      _mm512_mask_storeu_ps(dst + at, mask, _mm512_min_ps(_mm512_max_ps(real, lowest), highest));
    }
    __mmask16 mask;
    __m512 scales, bias, lowest, highest;
  };
};

}  // namespace

void product(const GatheredRows<int8_t>& rows, const PackedI8& weights, const EpilogueI8& epilogue,
             const Region& region, int8_t* dst) {
  tiled_product<I8>(rows, weights, weights.data(), epilogue, region, dst);
}

void product(const GatheredRows<int8_t>& rows, const PackedI8& weights, const EpilogueDynamic& epilogue,
             const Region& region, float* dst) {
  tiled_product<I8Dynamic>(rows, weights, weights.data(), epilogue, region, dst);
}

}  // namespace pare::avx512
