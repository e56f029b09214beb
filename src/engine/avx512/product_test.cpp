#include "engine/avx512/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/random.h"
#include "engine/cpu.h"

namespace pare::avx512 {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A random problem: n columns, m rows out of stretches that overlap as those of a convolution do.
struct Problem {
  explicit Problem(Random& random)
      : m(1 + random.below(60)), n(1 + random.below(150)), runs(1 + random.below(4)), run_length(1 + random.below(40)) {
    for (int64_t i = 0; i < m; ++i) row_offsets.push_back(i * 3);
    for (int64_t r = 0; r < runs; ++r) run_offsets.push_back(r * 50);
  }
  size_t source_size() const { return static_cast<size_t>(m * 3 + runs * 50 + run_length + 4); }
  size_t source_index(int64_t row, int64_t run, int64_t k) const { return static_cast<size_t>(row * 3 + run * 50 + k); }
  size_t weight_index(int64_t column, int64_t run, int64_t k) const {
    return static_cast<size_t>((column * runs + run) * run_length + k);
  }

  int64_t m, n, runs, run_length;
  std::vector<int64_t> row_offsets, run_offsets;
};

TEST(Product, FloatAgreesWithNaiveSum) {
  if (!missing_avx512().empty()) GTEST_SKIP() << missing_avx512();
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Problem p(random);
    std::vector<float> src(p.source_size()), weights(static_cast<size_t>(p.n * p.runs * p.run_length)),
        bias(static_cast<size_t>(p.n));
    for (auto* values : {&src, &weights, &bias})
      for (float& value : *values) value = random.uniform(-1, 1);
    std::vector<float> addend(static_cast<size_t>(p.m * p.n), 0.25f), dst(addend.size());
    const PackedF32 packed(weights.data(), p.n, p.runs, p.run_length);
    product({src.data(), p.row_offsets.data(), 0, p.run_offsets.data(), p.runs, p.run_length}, packed,
            {bias.data(), addend.data(), -1.f, kInfinity}, {0, p.m}, dst.data());
    for (int64_t row = 0; row < p.m; ++row)
      for (int64_t column = 0; column < p.n; ++column) {
        double sum = bias[static_cast<size_t>(column)] + 0.25;
        for (int64_t run = 0; run < p.runs; ++run)
          for (int64_t k = 0; k < p.run_length; ++k)
            sum += src[p.source_index(row, run, k)] * weights[p.weight_index(column, run, k)];
        ASSERT_NEAR(dst[static_cast<size_t>(row * p.n + column)], std::max(sum, -1.0), 1e-4) << row << ", " << column;
      }
  }
}

TEST(Product, Int8AgreesWithNaiveSum) {
  if (!missing_avx512_vnni().empty()) GTEST_SKIP() << missing_avx512_vnni();
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Problem p(random);
    std::vector<int8_t> src(p.source_size()), weights(static_cast<size_t>(p.n * p.runs * p.run_length)),
        dst(static_cast<size_t>(p.m * p.n));
    for (int8_t& value : src) value = static_cast<int8_t>(random.below(256) - 128);
    for (int8_t& value : weights) value = static_cast<int8_t>(random.below(255) - 127);
    std::vector<int32_t> bias;
    const std::vector<float> scales(static_cast<size_t>(p.n), 0.0013f);
    for (int64_t column = 0; column < p.n; ++column) {
      const auto* begin = weights.data() + column * p.runs * p.run_length;
      bias.push_back(-128 * std::accumulate(begin, begin + p.runs * p.run_length, 0));
    }
    const PackedI8 packed(weights.data(), p.n, p.runs, p.run_length);
    product({src.data(), p.row_offsets.data(), 0, p.run_offsets.data(), p.runs, p.run_length}, packed,
            {bias.data(), scales.data(), 5, -100, 100}, {0, p.m}, dst.data());
    for (int64_t row = 0; row < p.m; ++row)
      for (int64_t column = 0; column < p.n; ++column) {
        int32_t sum = 0;
        for (int64_t run = 0; run < p.runs; ++run)
          for (int64_t k = 0; k < p.run_length; ++k)
            sum += src[p.source_index(row, run, k)] * weights[p.weight_index(column, run, k)];
        const int32_t expected =
            std::clamp(static_cast<int32_t>(std::nearbyint(static_cast<float>(sum) * 0.0013f)) + 5, -100, 100);
        ASSERT_EQ(dst[static_cast<size_t>(row * p.n + column)], expected) << row << ", " << column;
      }
  }
}

}  // namespace
}  // namespace pare::avx512
