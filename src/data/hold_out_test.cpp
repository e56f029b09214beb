#include "data/hold_out.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "testing/data_folder.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HoldOut : public testing::DataFolder {
 protected:
  DataView labelled(const std::vector<int64_t>& labels) const {
    Tensor x(DType::Float32, {static_cast<int64_t>(labels.size()), 1});
    for (size_t i = 0; i < labels.size(); ++i) x.mutable_values<float>()[i] = static_cast<float>(i);
    return samples(x, Tensor::vector(labels));
  }
  static std::vector<float> numbers(const DataView& view) {
    return to_floats(view.source().read(0, view.count())->front());
  }
};

TEST_F(HoldOut, TheSameShareOfEveryClass) {
  std::vector<int64_t> labels(100, 0);
  std::fill(labels.begin() + 60, labels.begin() + 90, 1);
  std::fill(labels.begin() + 90, labels.end(), 2);
  const auto parts = hold_out(labelled(labels), 0.2, 3);
  ASSERT_TRUE(parts) << parts.error().to_string();
  std::vector<int64_t> found(3);
  for (const int64_t label : parts->validation.labels()) ++found[static_cast<size_t>(label)];
  EXPECT_THAT(found, ElementsAre(12, 6, 2));

  std::vector<float> all = numbers(parts->train);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  const std::vector<float> validation = numbers(parts->validation);
  all.insert(all.end(), validation.begin(), validation.end());
  std::sort(all.begin(), all.end());
  for (size_t i = 0; i < 100; ++i) EXPECT_EQ(all[i], static_cast<float>(i)) << "each sample in one part";

  EXPECT_EQ(numbers(hold_out(labelled(labels), 0.2, 3)->validation), validation);
  EXPECT_NE(numbers(hold_out(labelled(labels), 0.2, 4)->validation), validation);
}

TEST_F(HoldOut, SmallClassesKeepASampleToTrainOnAndTheWholeComesOutRight) {
  std::vector<int64_t> labels;
  for (int64_t c = 0; c < 20; ++c) labels.insert(labels.end(), 3, c);
  const auto parts = hold_out(labelled(labels), 0.1, 1);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->validation.count(), 6);
  const auto most = hold_out(labelled({0, 0, 1, 2}), 0.9, 1);
  ASSERT_TRUE(most);
  EXPECT_EQ(most->validation.count(), 1);
  EXPECT_EQ(most->train.count(), 3);
}

TEST_F(HoldOut, ALargeClassDoesNotPayForSmallOnes) {
  std::vector<int64_t> labels(100, 50);
  for (int64_t c = 0; c < 50; ++c) labels.push_back(c);
  const auto parts = hold_out(labelled(labels), 0.2, 1);
  ASSERT_TRUE(parts);
  EXPECT_NEAR(static_cast<double>(parts->validation.count()), 20, 1);
}

TEST_F(HoldOut, WithoutClassesAShareOfTheWhole) {
  const auto parts = hold_out(samples(Tensor(DType::Float32, {10, 1})), 0.3, 1);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->validation.count(), 3);
}

TEST_F(HoldOut, Errors) {
  EXPECT_THAT(hold_out(labelled({0, 1}), 1.5, 1).error().message, HasSubstr("is 1.5; it must lie between 0 and 1"));
  EXPECT_THAT(hold_out(labelled({0, 1}), 0.5, 1).error().message,
              HasSubstr("of 2 samples in 2 classes a share of 0.5 is none"));
}

}  // namespace
}  // namespace pare
