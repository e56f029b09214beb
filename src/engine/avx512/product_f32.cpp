#include "engine/avx512/float_sums.h"
#include "engine/avx512/product_tiles.h"

namespace pare::avx512 {
namespace {

struct F32 : FloatSums {
  using Element = float;
  using Packed = PackedF32;
  static constexpr int kStep = 1;

  static Register load(const Element* weights) { return _mm512_load_ps(weights); }
  static Register broadcast(const Element* src) { return _mm512_set1_ps(*src); }
  static Register multiply_add(Register x, Register w, Register sum) { return _mm512_fmadd_ps(x, w, sum); }
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
