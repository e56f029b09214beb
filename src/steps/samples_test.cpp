#include "steps/samples.h"

#include <gmock/gmock.h>

#include "eval/real_values.h"
#include "ir/builder.h"
#include "testing/data_folder.h"

namespace pare {
namespace {

using ::testing::HasSubstr;

using Samples = testing::DataFolder;

const Tensor kX = Tensor::of<float>({4, 2}, {0, 1, 2, 3, -100, 100, 0.5f, -0.5f});

Graph network(DType dtype, Shape shape, std::optional<Quantization> quantization = {}) {
  GraphBuilder build;
  return build.finish({build.input("x", std::move(shape), dtype, std::move(quantization))});
}

// The first three samples to calibrate on in a data set with these splits, given as lines of the description.
class CalibrationSamples : public testing::DataFolder {
 protected:
  Expected<DataView> three_of(std::string_view splits) const {
    static_cast<void>(samples(kX));
    put("divided.toml", fmt::format("[source]\npath = 'set.npz'\n{}", splits));
    PARE_ASSIGN(const DataSet set, DataSet::open(folder_ / "divided.toml"));
    return calibration_samples(set, 3);
  }
};

TEST_F(CalibrationSamples, AreTheFirstOfTheirSplit) {
  const auto first_number = [](const Expected<DataView>& view) {
    return (*view->source().read(0, 1))[0].values<float>()[0];
  };
  const auto undivided = three_of("");
  ASSERT_TRUE(undivided) << undivided.error().to_string();
  EXPECT_EQ(undivided->count(), 3);
  EXPECT_EQ(first_number(undivided), 0);
  const auto own = three_of("[splits.train]\nrange = [0, 1]\n[splits.calibration]\nrange = [1, 3]");
  ASSERT_TRUE(own) << own.error().to_string();
  EXPECT_EQ(own->count(), 2);
  EXPECT_EQ(first_number(own), 2);
  const auto train = three_of("[splits.train]\nrange = [3, 4]\n[splits.test]\nrange = [0, 3]");
  ASSERT_TRUE(train) << train.error().to_string();
  EXPECT_EQ(first_number(train), 0.5f);
}

TEST_F(CalibrationSamples, AreNeverThoseThatAreTestedOn) {
  const auto view = three_of("[splits.test]\nrange = [0, 4]");
  ASSERT_FALSE(view);
  EXPECT_THAT(view.error().message,
              HasSubstr("neither a split 'calibration' nor 'train'; `pare data split` makes one"));
}

TEST_F(Samples, FloatsAreStoredAsAQuantisedInputWantsThem) {
  const TensorType type{DType::Int8, {4, 2}, Quantization::per_tensor(0.5f, 1)};
  EXPECT_EQ(stored_as(type, kX), Tensor::of<int8_t>({4, 2}, {1, 3, 5, 7, -128, 127, 2, 0}));
  EXPECT_EQ(stored_as({DType::Float32, {4, 2}, {}}, kX), kX);

  const DataView view = samples(kX);
  auto source = source_for(network(DType::Int8, {kDynamic, 2}, Quantization::per_tensor(0.5f, 1)), view);
  ASSERT_TRUE(source) << source.error().to_string();
  EXPECT_EQ((*source->read(2, 1))[0], Tensor::of<int8_t>({1, 2}, {-128, 127}));
}

TEST_F(Samples, OthersThanTheModelTakesAreRefused) {
  const DataView view = samples(kX);
  auto wide = source_for(network(DType::Float32, {kDynamic, 3}), view);
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().message, HasSubstr("a sample is f32[1, 2], the model takes f32[?, 3] for 'x'"));
  auto integer = source_for(network(DType::Int32, {kDynamic, 2}), view);
  ASSERT_FALSE(integer);
  EXPECT_THAT(integer.error().message, HasSubstr("a sample is f32[1, 2], the model takes i32[?, 2]"));

  GraphBuilder build;
  Value* a = build.input("a", {kDynamic, 2});
  Value* b = build.input("b", {kDynamic, 2});
  const Graph sum = build.finish({build.op("add", {a, b})});
  auto two = source_for(sum, view);
  ASSERT_FALSE(two);
  EXPECT_THAT(two.error().message, HasSubstr("the data set has 1 arrays a sample (x), the model takes 2 (a, b)"));

  const std::vector<NamedTensor> others{{"a", kX}, {"c", kX}};
  ASSERT_TRUE(write_arrays(folder_ / "others.npz", others));
  const DataSet set = *DataSet::open(folder_ / "others.npz");
  EXPECT_THAT(source_for(sum, *set.split(Split::Test)).error().message,
              HasSubstr("the data set has no array 'b', which the model takes; it has a, c"));
}

}  // namespace
}  // namespace pare
