#include "eval/metrics.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <limits>

#include "base/files.h"
#include "data/archive.h"
#include "data/csv.h"
#include "eval/file_size.h"
#include "eval/memory.h"
#include "eval/real_values.h"
#include "testing/assets.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

using ::testing::ElementsAre;

TEST(TopK, EqualScoresGoToTheFirst) {
  const std::vector<float> scores{0.1f, 0.5f, 0.5f, 0.2f};
  EXPECT_EQ(arg_max(scores), 1);
  EXPECT_TRUE(in_top_k(scores, 1, 1));
  EXPECT_FALSE(in_top_k(scores, 2, 1));
  EXPECT_TRUE(in_top_k(scores, 2, 2));
  EXPECT_FALSE(in_top_k(scores, 0, 3));
  EXPECT_FALSE(in_top_k(std::vector<float>{NAN, NAN}, 0, 2)) << "a network that gives no number is never right";
}

TEST(Confusion, FiguresByHand) {
  ConfusionMatrix matrix(3);
  for (const auto& [truth, predicted] : {std::pair{0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}}) matrix.add(truth, predicted);
  EXPECT_EQ(matrix.at(0, 1), 1);
  const ClassFigures zero = matrix.figures(0), one = matrix.figures(1), two = matrix.figures(2);
  EXPECT_EQ(zero.support, 3);
  EXPECT_DOUBLE_EQ(zero.precision, 2.0 / 3);
  EXPECT_DOUBLE_EQ(zero.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(one.precision, 0.5);
  EXPECT_DOUBLE_EQ(one.recall, 0.5);
  EXPECT_EQ(two.support, 0);
  EXPECT_EQ(two.f1, 0);
  EXPECT_DOUBLE_EQ(matrix.macro_average().recall, (2.0 / 3 + 0.5) / 2) << "classes without samples do not count";
}

TEST(RocAuc, TiesCountHalf) {
  EXPECT_EQ(roc_auc(std::vector<float>{1, 2, 3, 4}, std::vector<uint8_t>{0, 0, 1, 1}), 1.0);
  EXPECT_EQ(roc_auc(std::vector<float>{1, 2, 2, 3}, std::vector<uint8_t>{0, 1, 0, 1}), 0.875);
  EXPECT_EQ(roc_auc(std::vector<float>{5, 5}, std::vector<uint8_t>{1, 0}), 0.5);
  EXPECT_EQ(roc_auc(std::vector<float>{1, 2}, std::vector<uint8_t>{1, 1}), std::nullopt);
  const std::vector<float> scores{0.8f, 0.1f, 0.1f, 0.2f, 0.7f, 0.1f, 0.3f, 0.3f, 0.4f};
  EXPECT_EQ(roc_auc_one_vs_rest(scores, std::vector<int64_t>{0, 1, 2}, 3), 1.0);
}

// The anomaly scores that MLPerf Tiny publishes for its auto-encoder, with the area that they give.
TEST(RocAuc, PublishedAnomalyScores) {
  PARE_REQUIRE_ASSET("data/mlperf_tiny/ad_published_scores.tar.xz");
  const auto packed = read_file(testing::assets() / "data/mlperf_tiny/ad_published_scores.tar.xz");
  ASSERT_TRUE(packed);
  const auto entries = unpack(*packed);
  ASSERT_TRUE(entries) << entries.error().to_string();
  const std::vector<std::pair<std::string, double>> published{{"anomaly_score_ToyCar_id_01.csv", 0.8898484848484849},
                                                              {"anomaly_score_ToyCar_id_02.csv", 0.9135202156334231},
                                                              {"anomaly_score_ToyCar_id_03.csv", 0.7108679245283018},
                                                              {"anomaly_score_ToyCar_id_04.csv", 0.9433530997304582}};
  for (const auto& [name, area] : published) {
    const auto entry = std::find_if(entries->begin(), entries->end(),
                                    [&, wanted = name](const ArchiveEntry& each) { return each.name == wanted; });
    ASSERT_NE(entry, entries->end());
    const auto table = parse_csv(entry->bytes, false);
    ASSERT_TRUE(table);
    std::vector<float> scores;
    std::vector<uint8_t> anomalous;
    for (const auto& row : table->rows) {
      scores.push_back(*parse_number(row[1]));
      anomalous.push_back(row[0].starts_with("anomaly") ? 1 : 0);
    }
    EXPECT_NEAR(*roc_auc(scores, anomalous), area, 1e-6) << name;
  }
}

TEST(ErrorSums, FiguresByHandAndInPieces) {
  const std::vector<float> values{1, 2, 3, 5}, reference{1, 2, 3, 4};
  ErrorSums whole, left, right;
  whole.add(values, reference);
  left.add(std::span(values).first(2), std::span(reference).first(2));
  right.add(std::span(values).subspan(2), std::span(reference).subspan(2));
  left.add(right);
  for (const ErrorSums& sums : {whole, left}) {
    EXPECT_DOUBLE_EQ(sums.mse(), 0.25);
    EXPECT_DOUBLE_EQ(sums.mae(), 0.25);
    EXPECT_DOUBLE_EQ(sums.max_abs(), 1);
    EXPECT_NEAR(sums.snr_db(), 10 * std::log10(30.0), 1e-12);
    EXPECT_NEAR(sums.cosine(), 34 / std::sqrt(30.0 * 39.0), 1e-12);
  }
  ErrorSums same;
  same.add(values, values);
  EXPECT_EQ(same.snr_db(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ErrorSums().cosine(), 1);
}

TEST(RealValues, IntegersByTheirScale) {
  Value value{"v", {DType::Int8, {3}, Quantization::per_tensor(0.5f, 1)}, {}};
  const std::vector<int8_t> stored{-1, 1, 5};
  EXPECT_THAT(*real_values(value, stored.data()), ElementsAre(-1, 0, 2));
  value.type.quantization = Quantization::per_axis({1, 2, 3}, 0);
  EXPECT_THAT(real_values(value, stored.data()).error().message, ::testing::HasSubstr("several scales"));
}

using FileSizes = testing::TemporaryFolder;

TEST_F(FileSizes, RawAndGzip) {
  const auto size = measure_file_size(put("zeros", std::string(100'000, 'a')));
  ASSERT_TRUE(size);
  EXPECT_EQ(size->bytes, 100'000);
  EXPECT_GT(size->gzip_bytes, 20);
  EXPECT_LT(size->gzip_bytes, 400);
  EXPECT_EQ(measure_file_size(put("empty", ""))->gzip_bytes, 20) << "header and trailer alone";
  EXPECT_FALSE(measure_file_size(folder_ / "absent"));
}

TEST(Memory, PeakGrowsWithUse) {
  const int64_t before = peak_rss_bytes();
  ASSERT_GT(before, 0);
  const std::vector<char> used(64 << 20, 1);
  EXPECT_GE(peak_rss_bytes(), before + (used.back() << 20));
}

}  // namespace
}  // namespace pare
