#include "engine/avx512/product_tiles.h"

namespace pare::avx512 {
namespace {

struct F32 {
  using Element = float;
  using Result = float;
  using Packed = PackedF32;
  using Epilogue = EpilogueF32;
  using Register = __m512;
  static constexpr int kStep = 1;

  static Register begin(const Epilogue& epilogue, int64_t column, __mmask16 mask) {
    return epilogue.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, epilogue.bias + column);
  }
  static Register load(const Element* weights) { return _mm512_load_ps(weights); }
  static Register broadcast(const Element* src) { return _mm512_set1_ps(*src); }
  static Register multiply_add(Register x, Register w, Register sum) { return _mm512_fmadd_ps(x, w, sum); }

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

}  // namespace

void product(const GatheredRows<float>& rows, const PackedF32& weights, const EpilogueF32& epilogue,
             const Region& region, float* dst) {
  tiled_product<F32>(rows, weights, weights.data(), epilogue, region, dst);
}

void product(const GatheredRows<float>& rows, const PackedF32& weights, const float* packed,
             const EpilogueF32& epilogue, const Region& region, float* dst) {
  tiled_product<F32>(rows, weights, packed, epilogue, region, dst);
}

}  // namespace pare::avx512
