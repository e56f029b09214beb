#include "data/batches.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "data/class_weights.h"
#include "data/test_images.h"
#include "testing/data_folder.h"

namespace pare {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

class BatchesOfTen : public testing::DataFolder {
 protected:
  // Sample i is [i, 10 i] with the label i % 3.
  DataView ten() const {
    Tensor x(DType::Float32, {10, 2}), y(DType::Int64, {10});
    for (size_t i = 0; i < 10; ++i) {
      x.mutable_values<float>()[2 * i] = static_cast<float>(i);
      x.mutable_values<float>()[2 * i + 1] = 10 * static_cast<float>(i);
      y.mutable_values<int64_t>()[i] = static_cast<int64_t>(i % 3);
    }
    return samples(x, y);
  }
  // The batches of an epoch from one on.
  static std::vector<Batch> epoch(Batches& batches, int64_t number, int64_t first_batch = 0) {
    batches.start(number, first_batch);
    std::vector<Batch> all;
    for (;;) {
      auto batch = batches.next();
      EXPECT_TRUE(batch) << batch.error().to_string();
      if (!batch || !*batch) return all;
      all.push_back(std::move(**batch));
    }
  }
  // The numbers of the samples in the order they came.
  static std::vector<int> order(const std::vector<Batch>& batches) {
    std::vector<int> order;
    for (const Batch& batch : batches)
      for (int64_t i = 0; i < batch.size(); ++i)
        order.push_back(static_cast<int>(batch.inputs[0].values<float>()[static_cast<size_t>(2 * i)]));
    return order;
  }
  static std::string_view text_of(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  static std::string first_error(Batches& batches) {
    batches.start(0);
    for (;;) {
      const auto batch = batches.next();
      if (!batch) return batch.error().to_string();
      if (!*batch) return "no error";
    }
  }
};

TEST_F(BatchesOfTen, EverySampleOnceWithItsLabel) {
  Batches batches(ten(), {.batch = 4});
  EXPECT_EQ(batches.count(), 3);
  const std::vector<Batch> all = epoch(batches, 0);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].inputs[0].shape(), (Shape{4, 2}));
  EXPECT_EQ(all[2].size(), 2) << "the rest";
  std::vector<int> samples = order(all);
  EXPECT_FALSE(std::is_sorted(samples.begin(), samples.end()));
  size_t at = 0;
  for (const Batch& batch : all) {
    EXPECT_THAT(batch.weights.values<float>(), Each(1.0f));
    for (const int64_t sample : batch.samples) EXPECT_EQ(sample, samples[at++]);
    for (size_t i = 0; i < batch.samples.size(); ++i)
      EXPECT_EQ(batch.targets.values<int32_t>()[i], batch.samples[i] % 3);
  }
  std::sort(samples.begin(), samples.end());
  EXPECT_THAT(samples, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(BatchesOfTen, OrderDependsOnSeedAndEpochAlone) {
  Batches one(ten(), {.batch = 3, .threads = 1}), many(ten(), {.batch = 3, .threads = 4, .ahead = 2, .cache_bytes = 0}),
      other(ten(), {.batch = 3, .seed = 2}), in_order(ten(), {.batch = 3, .shuffle = false});
  const std::vector<int> first = order(epoch(one, 0)), second = order(epoch(one, 1));
  EXPECT_NE(first, second);
  EXPECT_EQ(order(epoch(many, 1)), second) << "other threads, no cache, no epoch before";
  EXPECT_EQ(order(epoch(many, 0)), first);
  EXPECT_NE(order(epoch(other, 0)), first);
  EXPECT_THAT(order(epoch(in_order, 5)), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(BatchesOfTen, TakenUpInsideAnEpoch) {
  Batches batches(ten(), {.batch = 3});
  const std::vector<int> whole = order(epoch(batches, 7));
  EXPECT_EQ(order(epoch(batches, 7, 2)), std::vector<int>(whole.begin() + 6, whole.end()));
  EXPECT_TRUE(epoch(batches, 7, 4).empty());
}

TEST_F(BatchesOfTen, TheRestMayBeLeftOut) {
  Batches batches(ten(), {.batch = 4, .drop_last = true});
  EXPECT_EQ(batches.count(), 2);
  EXPECT_EQ(order(epoch(batches, 0)).size(), 8u);
  EXPECT_EQ(Batches(ten(), {.batch = 5, .drop_last = true}).count(), 2);
}

TEST_F(BatchesOfTen, GivenUpInTheMiddle) {
  for (int trial = 0; trial < 20; ++trial) {
    Batches batches(ten(), {.batch = 1, .threads = 3, .ahead = 2});
    batches.start(0);
    ASSERT_TRUE(batches.next());
    batches.start(1);
    ASSERT_TRUE(batches.next());
  }
}

TEST_F(BatchesOfTen, OtherTargets) {
  Tensor x(DType::Float32, {2, 2}), y = Tensor::of<float>({2, 1}, {0.5f, 1.5f});
  Batches values(samples(x, y), {.batch = 2, .shuffle = false});
  EXPECT_THAT(epoch(values, 0)[0].targets.values<float>(), ElementsAre(0.5f, 1.5f));
  Batches reconstruction(samples(Tensor::of<float>({1, 2}, {3, 4}), {}, "kind = 'input'"), {});
  EXPECT_THAT(epoch(reconstruction, 0)[0].targets.values<float>(), ElementsAre(3, 4));
  Batches none(samples(x), {});
  EXPECT_EQ(epoch(none, 0)[0].targets.elements(), 0);
  Batches forgotten(ten().without_target(), {});
  EXPECT_EQ(epoch(forgotten, 0)[0].targets.elements(), 0);
}

TEST_F(BatchesOfTen, ErrorsNameTheSample) {
  for (const char* name : {"a", "b"}) put(fmt::format("set/{}.bin", name), "12");
  put("set/c.bin", "123");
  const auto set = DataSet::open(put("raw.toml", "[source]\nkind = 'raw_files'\npath = 'set'\nshape = [2]"));
  ASSERT_TRUE(set) << set.error().to_string();
  Batches batches(*set->split(Split::Train), {.batch = 1});
  EXPECT_THAT(first_error(batches), HasSubstr("c.bin: 3 bytes were found, 2 of u8[2] were expected"));

  Batches unlike(ten().first(0), {});
  EXPECT_EQ(first_error(unlike), "there are no samples to train on");
  Batches weights(ten(), {.class_weights = {1, 2}});
  EXPECT_EQ(first_error(weights), "there are 2 class weights for 3 classes");
  Batches flipped(ten(), {.augmentation = {.flip = 1}});
  EXPECT_THAT(first_error(flipped), HasSubstr("[augment] has steps for images"));
  Batches no_classes(samples(Tensor(DType::Float32, {1, 1})), {.class_weights = {1}});
  EXPECT_EQ(first_error(no_classes), "class weights need classes; the target of this data set is 'none'");
}

TEST_F(BatchesOfTen, SamplesMustBeOfOneShape) {
  put("set/a.png", text_of(testing::png_of_six_pixels()));
  put("set/b.png", text_of(testing::png_of_one_pixel()));
  const auto set = DataSet::open(folder_ / "set");
  ASSERT_TRUE(set) << set.error().to_string();
  Batches unequal(*set->split(Split::Train), {});
  EXPECT_THAT(first_error(unequal),
              HasSubstr("b.png: the sample is f32[1, 1, 3], the first one is f32[2, 3, 3]; resize"));
}

TEST_F(BatchesOfTen, AugmentationDependsOnSeedEpochAndSampleAlone) {
  const Augmentation steps{.noise = 0.1f};
  Batches one(ten(), {.batch = 10, .shuffle = false, .augmentation = steps}),
      many(ten(), {.batch = 3, .shuffle = false, .threads = 3, .cache_bytes = 0, .augmentation = steps});
  const Tensor first = epoch(one, 0)[0].inputs[0], second = epoch(one, 1)[0].inputs[0];
  EXPECT_FALSE(first == second);
  EXPECT_TRUE(epoch(one, 0)[0].inputs[0] == first) << "the samples in memory stay what they were";
  const std::vector<Batch> parts = epoch(many, 1);
  const std::span<const float> wanted = second.values<float>();
  EXPECT_THAT(parts[1].inputs[0].values<float>(), ElementsAreArray(wanted.subspan(6, 6)));
  EXPECT_THAT(first_error(one), "no error");
}

TEST_F(BatchesOfTen, MixupMixesSamplesLabelsAndWeights) {
  Batches batches(ten(), {.batch = 10, .shuffle = false, .class_weights = {1, 2, 4}, .augmentation = {.mixup = 1}});
  const Batch batch = epoch(batches, 0)[0];
  ASSERT_EQ(batch.targets.shape(), (Shape{10, 3}));
  for (size_t i = 0; i < 10; ++i) {
    const size_t next = (i + 1) % 10;
    const float at = batch.inputs[0].values<float>()[2 * i];
    const float share = (at - static_cast<float>(next)) / (static_cast<float>(i) - static_cast<float>(next));
    EXPECT_GE(share, -1e-5f);
    EXPECT_LE(share, 1 + 1e-5f);
    std::vector<float> labels(3), each{1, 2, 4};
    labels[i % 3] += share;
    labels[next % 3] += 1 - share;
    EXPECT_THAT(batch.targets.values<float>().subspan(3 * i, 3), Pointwise(FloatNear(1e-5f), labels));
    EXPECT_NEAR(batch.weights.values<float>()[i], share * each[i % 3] + (1 - share) * each[next % 3], 1e-5f);
  }
}

TEST_F(BatchesOfTen, ClassWeights) {
  const auto balanced = balanced_class_weights(ten());  // 4, 3 and 3 samples
  ASSERT_TRUE(balanced);
  EXPECT_THAT(balanced->weights, ElementsAre(10.0f / 12, 10.0f / 9, 10.0f / 9));
  EXPECT_TRUE(balanced->empty.empty());
  const DataView view = ten();
  const auto missing = balanced_class_weights(view.select(std::vector<int64_t>{0, 3, 2}));
  EXPECT_THAT(missing->weights, ElementsAre(0.75f, 0, 1.5f));
  EXPECT_THAT(missing->empty, ElementsAre(1));

  Batches batches(ten(), {.batch = 10, .class_weights = {1, 2, 3}});
  const Batch batch = epoch(batches, 0)[0];
  for (size_t i = 0; i < 10; ++i)
    EXPECT_EQ(batch.weights.values<float>()[i], static_cast<float>(batch.targets.values<int32_t>()[i] + 1));

  EXPECT_THAT(stated_class_weights(ten(), {1, 0, 2})->weights, ElementsAre(1, 0, 2));
  const auto message = [&](const std::vector<float>& weights) {
    return stated_class_weights(ten(), weights).error().message;
  };
  EXPECT_THAT(message({1}), HasSubstr("1 class weights for 3 classes; give one a class"));
  EXPECT_THAT(message({1, -1, 1}), HasSubstr("the class weight -1 must be a number that is not negative"));
  EXPECT_THAT(message({0, 0, 0}), HasSubstr("all class weights are 0"));
  EXPECT_THAT(balanced_class_weights(samples(Tensor(DType::Float32, {1, 1}))).error().message,
              HasSubstr("need classes"));
}

TEST_F(BatchesOfTen, SamplesStayInMemoryWhereTheyFit) {
  for (int i = 0; i < 6; ++i) put(fmt::format("set/{}.bin", i), "12");
  const auto set = DataSet::open(put("raw.toml", "[source]\nkind = 'raw_files'\npath = 'set'\nshape = [2]"));
  Batches kept(*set->split(Split::Train), {.batch = 4, .cache_bytes = 6 * 2 * sizeof(float)}),
      read_again(*set->split(Split::Train), {.batch = 4, .cache_bytes = 6 * 2 * sizeof(float) - 1});
  const Batch before = epoch(kept, 0)[0];
  epoch(read_again, 0);
  std::filesystem::remove_all(folder_ / "set");
  EXPECT_EQ(first_error(kept), "no error");
  EXPECT_EQ(epoch(kept, 0)[0].inputs, before.inputs);
  EXPECT_THAT(first_error(read_again), HasSubstr(".bin"));
}

}  // namespace
}  // namespace pare
