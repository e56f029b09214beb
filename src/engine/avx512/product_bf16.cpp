#include "engine/avx512/float_sums.h"
#include "engine/avx512/pairs.h"
#include "engine/avx512/product_tiles.h"

namespace pare::avx512 {
namespace {

// Registers hold a pair for each of 16 columns.
struct BF16 : FloatSums {
  using Element = BFloat16;
  using Packed = PackedBF16;
  static constexpr int kStep = 2;

  static Register load(const Element* weights) { return _mm512_load_ps(weights); }
  static Register broadcast(const Element* src) { return broadcast_pair(src); }
  static Register multiply_add(Register x, Register w, Register sum) { return add_products(x, w, sum); }
};

}  // namespace

void product(const GatheredRows<BFloat16>& rows, const PackedBF16& weights, const BFloat16* packed,
             const EpilogueF32& epilogue, const Region& region, float* dst) {
  tiled_product<BF16>(rows, weights, packed, epilogue, region, dst);
}

}  // namespace pare::avx512
