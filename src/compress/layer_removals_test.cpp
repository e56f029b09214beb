#include "compress/layer_removals.h"

#include <gmock/gmock.h>

#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::random_tensor;

// What a dense layer of so many inputs sees.
Gram gram_of(int64_t columns, const ColumnSets& sets, uint64_t seed = 1) {
  Random random(seed);
  const Tensor mixed = random_tensor({columns, columns}, random), free = random_tensor({400, columns}, random);
  Tensor x(DType::Float32, {400, columns});
  for (int64_t n = 0; n < 400; ++n)
    for (int64_t i = 0; i < columns; ++i)
      for (int64_t k = 0; k < columns; ++k)
        x.mutable_values<float>()[static_cast<size_t>(n * columns + i)] +=
            free.values<float>()[static_cast<size_t>(n * columns + k)] *
            mixed.values<float>()[static_cast<size_t>(k * columns + i)];
  Gram gram(1, sets);
  gram.add({.samples = 400, .channels = columns}, x.values<float>().data(), nullptr, 1, 0);
  return gram;
}

RowMatrix weights_of(int64_t rows, int64_t columns) {
  Random random(9);
  return rows_of(random_tensor({rows, columns}, random), 0);
}

TEST(RowsOf, ComesBack) {
  Random random(1);
  for (const int axis : {0, 3}) {
    const Tensor weights = random_tensor({5, 3, 2, 4}, random);
    const RowMatrix rows = rows_of(weights, axis);
    EXPECT_EQ(rows.rows(), weights.shape()[axis]);
    EXPECT_EQ(tensor_of(rows, weights.shape(), axis), weights);
  }
}

TEST(RemovalParts, BlocksThatDoNotDivideAreSmallerAtTheEdge) {
  const auto parts = removal_parts({5, 1, 1, 10}, 0, {.block = {2, 4}});
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->rows_together, 2);
  ASSERT_EQ(parts->parts.size(), 1u);
  EXPECT_THAT(parts->parts[0].units.columns,
              ::testing::ElementsAre(::testing::SizeIs(4), ::testing::SizeIs(4), ::testing::SizeIs(2)));
}

TEST(RemovalParts, NeighboursAtTheEdgeKeepAsMany) {
  const auto parts = removal_parts({5, 2, 1, 7}, 0, {.n = 2, .m = 4});
  ASSERT_TRUE(parts);
  EXPECT_THAT(parts->parts[0].units.may_go, ::testing::ElementsAre(2, 1, 2, 1));
}

TEST(RemovalParts, WhatBelongsTogetherStaysInOneSet) {
  const auto parts = removal_parts({5, 1, 1, 30}, 0, {.n = 2, .m = 4}, {.set = 20, .part = 10});
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->sets.size(), 2u);
  EXPECT_EQ(parts->parts.size(), 4u);
  for (const RemovalPart& part : parts->parts) {
    EXPECT_LE(part.columns, 10);
    EXPECT_EQ(parts->sets[part.set][static_cast<size_t>(part.first)] % 4, 0);
  }
}

TEST(RemovalParts, RefusesNOfMAcrossDepthwiseChannels) {
  const auto parts = removal_parts({1, 3, 3, 8}, 3, {.n = 2, .m = 4});
  ASSERT_FALSE(parts);
  EXPECT_THAT(parts.error().message, HasSubstr("depthwise"));
}

TEST(OrderLayer, IsNestedAndAsCheapAsItSays) {
  const int64_t rows = 6, columns = 40;
  const Gram gram = gram_of(columns, all_columns(columns));
  const RowMatrix weights = weights_of(rows, columns);
  const auto parts = removal_parts({rows, columns}, 0, {});
  const std::vector<double> scales(rows, 1);
  const LayerOptions options{.damping = 1e-9};
  const LayerRemovals removals = order_layer(gram, *parts, weights, scales, options);
  EXPECT_EQ(removals.order.size(), static_cast<size_t>(rows * columns));
  const double power = output_power(gram, weights, true);
  double predicted = 0;
  size_t done = 0;
  RowMatrix before = RowMatrix::Ones(rows, columns);
  for (const double sparsity : {0.2, 0.5, 0.8}) {
    const size_t count = removals.removals_for(sparsity * static_cast<double>(weights.size()));
    for (; done < count; ++done) predicted += removals.order[done].loss;
    const RowMatrix mask = mask_of(*parts, rows, removals, count);
    EXPECT_DOUBLE_EQ(mask.sum(), std::round((1 - sparsity) * rows * columns));
    EXPECT_TRUE((mask.array() <= before.array()).all());
    before = mask;
    const RowMatrix fitted = fit_layer(gram, weights, mask, 1, options);
    EXPECT_EQ((fitted.array() * (1 - mask.array())).matrix().norm(), 0);
    EXPECT_NEAR(output_error(gram, weights, fitted, power, true), predicted, 1e-3 * predicted);
    // Better than the same zeros alone.
    const RowMatrix cut = weights.cwiseProduct(mask);
    EXPECT_LT(predicted, 0.8 * output_error(gram, weights, cut, power, true));
  }
}

TEST(OrderLayer, TwoOfFourStay) {
  const int64_t rows = 3, columns = 16;
  const Gram gram = gram_of(columns, all_columns(columns));
  const RowMatrix weights = weights_of(rows, columns);
  const auto parts = removal_parts({rows, columns}, 0, {.n = 2, .m = 4});
  const LayerRemovals removals = order_layer(gram, *parts, weights, std::vector<double>(rows, 1), {});
  const RowMatrix mask = mask_of(*parts, rows, removals, removals.order.size());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t first = 0; first < columns; first += 4) EXPECT_EQ(mask.row(row).segment(first, 4).sum(), 2);
}

TEST(OrderLayer, OfSeveralSetsEachIsFittedByItself) {
  const int64_t rows = 4, columns = 24;
  const auto parts = removal_parts({rows, columns}, 0, {.block = {2, 2}}, {.set = 8, .part = 4});
  ASSERT_EQ(parts->sets.size(), 3u);
  const Gram gram = gram_of(columns, parts->sets);
  const RowMatrix weights = weights_of(rows, columns);
  const LayerRemovals removals = order_layer(gram, *parts, weights, std::vector<double>(rows, 1), {});
  const size_t count = removals.removals_for(0.5 * rows * columns);
  const RowMatrix fitted = fit_layer(gram, weights, mask_of(*parts, rows, removals, count), 2, {});
  EXPECT_EQ((fitted.array() == 0).count(), rows * columns / 2);
}

TEST(FitLayer, MakesUpForOtherInputs) {
  // The network as it is gives twice what the reference does, and half the weights are right.
  const int64_t columns = 8;
  Random random(3);
  const Tensor x = random_tensor({100, columns}, random);
  Tensor doubled = x;
  for (float& each : doubled.mutable_values<float>()) each *= 2;
  const RowMatrix weights = weights_of(2, columns);
  const FloatRows wanted = weights.cast<float>();
  const Wanted targets{.source = x.values<float>().data(), .weights = &wanted};
  Gram gram(1, all_columns(columns), 2);
  gram.add({.samples = 100, .channels = columns}, doubled.values<float>().data(), &targets, 1, 0);
  const RowMatrix fitted = fit_layer(gram, weights, RowMatrix::Ones(2, columns), 1, {.damping = 1e-9});
  EXPECT_LT((fitted - weights / 2).norm(), 1e-5 * weights.norm());
  for (const double shift : mean_shift(gram, weights, fitted)) EXPECT_NEAR(shift, 0, 1e-5);
}

}  // namespace
}  // namespace pare
