#include "compress/weight_statistics.h"

#include <gmock/gmock.h>

#include <cmath>

#include "base/random.h"

namespace pare {
namespace {

WeightStatistics statistics_of(const Tensor& weights) {
  return weight_statistics({weights.dtype(), weights.shape(), {}}, weights);
}

// Between 1 and 2, so that none is zero and their exponents are one: no more than 23 bits tell two of them apart.
Tensor random_weights(Shape shape, uint64_t seed = 1) {
  Tensor weights(DType::Float32, std::move(shape));
  Random random(seed);
  for (float& each : weights.mutable_values<float>()) each = 1 + random.uniform();
  return weights;
}

// Zeros wherever `is_zero(row, column)` says.
template <class Rule>
Tensor with_zeros(int64_t rows, int64_t columns, Rule is_zero) {
  Tensor weights = random_weights({rows, columns});
  auto values = weights.mutable_values<float>();
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      if (is_zero(r, c)) values[static_cast<size_t>(r * columns + c)] = 0;
  return weights;
}

std::string blocks_of(const WeightStatistics& statistics) {
  return statistics.blocks ? statistics.blocks->to_string() : "";
}
std::string n_of_m_of(const WeightStatistics& statistics) {
  return statistics.n_of_m ? statistics.n_of_m->to_string() : "";
}

TEST(WeightStatistics, EntropyIsThatOfTheValues) {
  // Half of one value, a quarter of another, an eighth of two more: 1.75 bits each.
  const Tensor weights = Tensor::of<int8_t>({2, 8}, {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3});
  const WeightStatistics found =
      weight_statistics({DType::Int8, weights.shape(), Quantization::per_tensor(0.5f)}, weights);
  EXPECT_EQ(found.elements, 16);
  EXPECT_EQ(found.bytes, 16);
  EXPECT_EQ(found.zeros, 8);
  EXPECT_EQ(found.distinct, 4);
  EXPECT_DOUBLE_EQ(found.entropy, 1.75);
  // By channel: the first has one value and needs its table alone, the second 1.5 bits and three.
  EXPECT_EQ(found.channel_distinct, 3);
  EXPECT_EQ(found.entropy_bytes, 1 + (12 + 24 + 7) / 8);
}

TEST(WeightStatistics, RandomWeightsTakeTheirBits) {
  const WeightStatistics found = statistics_of(random_weights({64, 1000}));
  EXPECT_GT(found.distinct, 63000);
  EXPECT_NEAR(static_cast<double>(found.entropy_bytes), 64000 * 23 / 8.0, 0.02 * 64000 * 23 / 8);
  EXPECT_EQ(found.channel_distinct, std::nullopt);
  EXPECT_EQ(blocks_of(found), "");
  EXPECT_EQ(n_of_m_of(found), "");
}

TEST(WeightStatistics, SparseWeightsTakeTheOthersAndTheirPlaces) {
  Random random(3);
  const WeightStatistics found =
      statistics_of(with_zeros(400, 500, [&](int64_t, int64_t) { return random.uniform() < 0.9f; }));
  const double p = found.sparsity();
  EXPECT_NEAR(p, 0.9, 0.02);
  const double bits = 23 * (1 - p) - p * std::log2(p) - (1 - p) * std::log2(1 - p);
  EXPECT_NEAR(static_cast<double>(found.entropy_bytes), 200000 * bits / 8, 0.02 * 200000 * bits / 8);
  EXPECT_EQ(blocks_of(found), "");
}

TEST(WeightStatistics, CodebooksOfChannelsAreSeen) {
  Tensor weights(DType::Float32, {8, 400});
  Random random(5);
  auto values = weights.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(i / 400) + std::floor(4 * random.uniform()) / 8;
  const WeightStatistics found = statistics_of(weights);
  EXPECT_EQ(found.distinct, 32);
  EXPECT_EQ(found.channel_distinct, 4);
  EXPECT_NEAR(static_cast<double>(found.entropy_bytes), 8 * (400 * 2 / 8.0 + 4 * 4), 8);
}

TEST(WeightStatistics, LargeTensorsAreCountedAsSmallOnes) {
  Tensor weights(DType::Float32, {1, 30000});
  auto values = weights.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>((i * 7919) % 10000) - 5000;
  const WeightStatistics found = statistics_of(weights);
  EXPECT_EQ(found.distinct, 10000);
  EXPECT_NEAR(found.entropy, std::log2(10000), 1e-9);
}

TEST(WeightStatistics, FourBitsAndZeroPoints) {
  const std::vector<int8_t> codes{0, 1, 1, -8, 7, 0};
  const Tensor four(DType::Int4, {2, 3}, pack_int4(codes));
  const WeightStatistics packed = weight_statistics({DType::Int4, {2, 3}, Quantization::per_tensor(1)}, four);
  EXPECT_EQ(packed.bytes, 3);
  EXPECT_EQ(packed.distinct, 4);
  EXPECT_EQ(packed.zeros, 2);

  const Tensor eight = Tensor::of<uint8_t>({2, 2}, {3, 4, 3, 4});
  const WeightStatistics shifted = weight_statistics({DType::UInt8, {2, 2}, Quantization{{1, 1}, {3, 4}, 0, 0}}, eight);
  EXPECT_EQ(shifted.zeros, 2);
}

TEST(ZeroPatterns, BlocksAreFoundWithTheirEdges) {
  const auto every_other = [](int64_t height, int64_t width) {
    return with_zeros(18, 22, [=](int64_t r, int64_t c) { return (r / height + c / width) % 2 == 0; });
  };
  EXPECT_EQ(blocks_of(statistics_of(every_other(1, 4))), "1x4");
  EXPECT_EQ(blocks_of(statistics_of(every_other(4, 1))), "4x1");
  EXPECT_EQ(blocks_of(statistics_of(every_other(4, 8))), "4x8");
  EXPECT_EQ(blocks_of(statistics_of(every_other(1, 1))), "");
  EXPECT_EQ(blocks_of(statistics_of(every_other(1, 3))), "") << "zeros of another extent do not come in powers of two";
}

TEST(ZeroPatterns, ConvolutionsHaveBlocksAtEachPlaceOfTheirWindow) {
  Tensor weights = random_weights({4, 3, 3, 16});
  auto values = weights.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i)
    if ((i / 8 + i / 144) % 2 == 0) values[i] = 0;
  EXPECT_EQ(blocks_of(statistics_of(weights)), "1x8");
}

TEST(ZeroPatterns, IntegersMayHaveFurtherZeros) {
  Random random(7);
  Tensor weights(DType::Int8, {64, 64});
  auto values = weights.mutable_values<int8_t>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = (i / 4 + i / 64) % 2 == 0 || random.uniform() < 0.03f ? 0 : 5;
  const TensorType type{DType::Int8, weights.shape(), Quantization::per_tensor(1)};
  const WeightStatistics found = weight_statistics(type, weights);
  EXPECT_EQ(blocks_of(found), "1x4");
  EXPECT_EQ(found.blocks->zeros, 64 * 64 / 2);
  EXPECT_GT(found.zeros, found.blocks->zeros);

  for (auto& each : values) each = random.uniform() < 0.5f ? 0 : 5;
  EXPECT_EQ(blocks_of(weight_statistics(type, weights)), "") << "zeros at random";
}

TEST(ZeroPatterns, NofMIsTheSmallestThatHoldsEverywhere) {
  const auto kept = [](int64_t n, int64_t m) {
    return with_zeros(8, 64, [=](int64_t r, int64_t c) { return (c + r) % m >= n; });
  };
  EXPECT_EQ(n_of_m_of(statistics_of(with_zeros(8, 64, [](int64_t, int64_t c) { return c % 4 >= 2; }))), "2:4");
  EXPECT_EQ(n_of_m_of(statistics_of(kept(1, 4))), "1:4");
  EXPECT_EQ(n_of_m_of(statistics_of(kept(1, 2))), "1:2");
  EXPECT_EQ(n_of_m_of(statistics_of(with_zeros(8, 64, [](int64_t, int64_t c) { return c % 8 >= 4; }))), "4:8");
  EXPECT_EQ(n_of_m_of(statistics_of(with_zeros(8, 64, [](int64_t r, int64_t c) { return r > 0 && c % 4 >= 2; }))), "")
      << "one row has none";
}

TEST(ZeroPatterns, NothingIsSaidOfVectorsAndEmptyTensors) {
  const WeightStatistics vector = statistics_of(Tensor::vector<float>({0, 0, 0, 1}));
  EXPECT_EQ(vector.zeros, 3);
  EXPECT_EQ(blocks_of(vector), "");
  EXPECT_EQ(n_of_m_of(vector), "");
  EXPECT_EQ(statistics_of(Tensor(DType::Float32, {0, 4})).entropy_bytes, 0);
}

}  // namespace
}  // namespace pare
