#include "compress/fit_codebook.h"

#include <gtest/gtest.h>

#include "compress/k_means.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using testing::random_tensor;

constexpr int64_t kColumns = 24, kRows = 10, kSamples = 300;

// What a dense layer sees whose inputs hang together.
Gram gram_of_mixed() {
  Random random(3);
  const Tensor mixed = random_tensor({kColumns, kColumns}, random), free = random_tensor({kSamples, kColumns}, random);
  Tensor x(DType::Float32, {kSamples, kColumns});
  for (int64_t n = 0; n < kSamples; ++n)
    for (int64_t i = 0; i < kColumns; ++i)
      for (int64_t k = 0; k < kColumns; ++k)
        x.mutable_values<float>()[static_cast<size_t>(n * kColumns + i)] +=
            free.values<float>()[static_cast<size_t>(n * kColumns + k)] *
            mixed.values<float>()[static_cast<size_t>(k * kColumns + i)];
  Gram gram(1, all_columns(kColumns));
  gram.add({.samples = kSamples, .channels = kColumns}, x.values<float>().data(), nullptr, 1, 0);
  return gram;
}

// The best values for the weights alone.
RowCodebook by_weights(const Tensor& weights, int64_t clusters) {
  const Clusters best = k_means(weights.values<float>(), {}, clusters);
  RowCodebook book{.centroids = best.centroids, .codes = {kRows, kColumns}};
  for (int64_t i = 0; i < kRows * kColumns; ++i)
    book.codes(i / kColumns, i % kColumns) = best.codes[static_cast<size_t>(i)];
  return book;
}

class FitCodebook : public ::testing::Test {
 protected:
  double error_of(const RowCodebook& book) const {
    return output_error(gram_, rows_, book.values(), output_power(gram_, rows_, false), false);
  }

  Random random_{7};
  const Tensor weights_ = random_tensor({kRows, kColumns}, random_);
  const RowMatrix rows_ = rows_of(weights_, 0);
  const Gram gram_ = gram_of_mixed();
  const LayerOptions options_{.centred = false};
  const std::vector<double> alike_ = std::vector<double>(kRows, 1.);
};

TEST_F(FitCodebook, RoundingMakesUpForWhatItLoses) {
  RowCodebook book = by_weights(weights_, 6);
  const double before = error_of(book);
  round_to_codebook(gram_, rows_, options_, book);
  EXPECT_LT(error_of(book), 0.8 * before);
}

TEST_F(FitCodebook, NoOtherValuesAreBetterThanRefittedOnes) {
  RowCodebook book = by_weights(weights_, 6);
  const double before = error_of(book);
  refit_centroids(gram_, rows_, alike_, {.centred = false, .damping = 0}, book);
  const double least = error_of(book);
  EXPECT_LT(least, before);
  for (float& centroid : book.centroids)
    for (const float by : {0.02f, -0.02f}) {
      centroid += by;
      EXPECT_GT(error_of(book), least);
      centroid -= by;
    }
}

TEST_F(FitCodebook, NoOtherScalesAreBetterThanRefittedOnes) {
  RowCodebook book = by_weights(weights_, 6);
  for (int64_t row = 0; row < kRows; ++row) book.scales.push_back(row % 2 == 0 ? 1.5f : -0.5f);
  round_to_codebook(gram_, rows_, options_, book);
  refit_scales(gram_, rows_, {.centred = false, .damping = 0}, book);
  const double least = error_of(book);
  for (float& scale : book.scales)
    for (const float by : {0.02f, -0.02f}) {
      scale += by;
      EXPECT_GT(error_of(book), least);
      scale -= by;
    }
}

TEST_F(FitCodebook, ZeroCodesStayZero) {
  RowCodebook book = by_weights(weights_, 6);
  for (int64_t row = 0; row < kRows; ++row) book.codes(row, row) = kZeroCode;
  round_to_codebook(gram_, rows_, options_, book);
  refit_centroids(gram_, rows_, alike_, options_, book);
  for (int64_t row = 0; row < kRows; ++row) {
    EXPECT_EQ(book.codes(row, row), kZeroCode);
    EXPECT_EQ(book.values()(row, row), 0);
  }
}

TEST_F(FitCodebook, TablesOfRowsAndScalesOfRows) {
  RowCodebook book = by_weights(weights_, 3);
  book.by_row = true;
  const std::vector<float> table = book.centroids;
  for (int64_t row = 1; row < kRows; ++row) {
    book.centroids.insert(book.centroids.end(), table.begin(), table.end());
    book.codes.row(row).array() += static_cast<int32_t>(row * 3);
  }
  for (int64_t row = 0; row < kRows; ++row) book.scales.push_back(row % 2 == 0 ? 2.f : -0.5f);
  const double before = error_of(book);
  for (int round = 0; round < 2; ++round) {
    round_to_codebook(gram_, rows_, options_, book);
    refit_centroids(gram_, rows_, alike_, options_, book);
  }
  EXPECT_LT(error_of(book), before);
  for (int64_t row = 0; row < kRows; ++row)
    for (int64_t column = 0; column < kColumns; ++column) EXPECT_EQ(book.codes(row, column) / 3, row);
}

}  // namespace
}  // namespace pare
