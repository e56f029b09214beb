#include "steps/samples.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "data/npy.h"
#include "ir/builder.h"

namespace pare {
namespace {

using ::testing::HasSubstr;

// Four samples of two numbers, in an .npz.
DataSet four_samples(std::vector<NamedTensor> arrays) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "pare_samples.npz";
  if (auto written = write_arrays(path, arrays); !written) throw std::runtime_error(written.error().to_string());
  auto set = DataSet::open(path);
  if (!set) throw std::runtime_error(set.error().to_string());
  return std::move(*set);
}

const Tensor kX = Tensor::of<float>({4, 2}, {0, 1, 2, 3, -100, 100, 0.5f, -0.5f});

Graph network(DType dtype, Shape shape, std::optional<Quantization> quantization = {}) {
  GraphBuilder build;
  return build.finish({build.input("x", std::move(shape), dtype, std::move(quantization))});
}

TEST(Samples, CalibrationTakesTheFirst) {
  const DataSet set = four_samples({{"x", kX}, {"y", Tensor::of<int64_t>({4}, {0, 1, 0, 1})}});
  auto view = calibration_samples(set, 3);
  ASSERT_TRUE(view) << view.error().to_string();
  EXPECT_EQ(view->count(), 3);
}

TEST(Samples, FloatsAreStoredAsAQuantisedInputWantsThem) {
  const TensorType type{DType::Int8, {4, 2}, Quantization::per_tensor(0.5f, 1)};
  EXPECT_EQ(stored_as(type, kX), Tensor::of<int8_t>({4, 2}, {1, 3, 5, 7, -128, 127, 2, 0}));
  EXPECT_EQ(stored_as({DType::Float32, {4, 2}, {}}, kX), kX);

  const DataSet set = four_samples({{"x", kX}});
  const DataView view = *calibration_samples(set, 4);
  auto source = source_for(network(DType::Int8, {kDynamic, 2}, Quantization::per_tensor(0.5f, 1)), view);
  ASSERT_TRUE(source) << source.error().to_string();
  EXPECT_EQ((*source->read(2, 1))[0], Tensor::of<int8_t>({1, 2}, {-128, 127}));
}

TEST(Samples, OthersThanTheModelTakesAreRefused) {
  const DataSet set = four_samples({{"x", kX}});
  const DataView view = *calibration_samples(set, 4);
  auto wide = source_for(network(DType::Float32, {kDynamic, 3}), view);
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().message, HasSubstr("a sample is f32[1, 2], the model takes f32[?, 3] for 'x'"));
  auto integer = source_for(network(DType::Int32, {kDynamic, 2}), view);
  ASSERT_FALSE(integer);
  EXPECT_THAT(integer.error().message, HasSubstr("a sample is f32[1, 2], the model takes i32[?, 2]"));

  GraphBuilder build;
  Value* a = build.input("a", {kDynamic, 2});
  Value* b = build.input("b", {kDynamic, 2});
  auto two = source_for(build.finish({a, b}), view);
  ASSERT_FALSE(two);
  EXPECT_THAT(two.error().message, HasSubstr("the data set has 1 arrays a sample (x), the model takes 2"));
}

}  // namespace
}  // namespace pare
