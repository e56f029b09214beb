#include "formats/tflite/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "testing/assets.h"

namespace pare {
namespace {

namespace fs = std::filesystem;

Expected<Model> read_asset(const std::string& path) {
  const fs::path file = testing::assets() / path;
  PARE_ASSIGN(const std::vector<std::byte> bytes, read_file(file));
  return read_tflite(bytes, file.string());
}

TEST(TfliteReader, ReadsAFloatNetworkOfFreeBatch) {
  PARE_REQUIRE_ASSET("models/mlperf_tiny/ad/ad01_fp32.tflite");
  const auto model = read_asset("models/mlperf_tiny/ad/ad01_fp32.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_EQ(model->main().nodes().size(), 10u);
  EXPECT_EQ(model->main().inputs.front()->type.shape, (Shape{kDynamic, 640}));
  EXPECT_EQ(model->description, "MLIR Converted.");
  EXPECT_TRUE(model->metadata.contains("min_runtime_version"));
}

TEST(TfliteReader, ReadsQuantisation) {
  PARE_REQUIRE_ASSET("models/mlperf_tiny/ad/ad01_int8.tflite");
  const auto model = read_asset("models/mlperf_tiny/ad/ad01_int8.tflite");
  ASSERT_TRUE(model) << model.error().to_string();
  const TensorType& input = model->main().inputs.front()->type;
  EXPECT_EQ(input.dtype, DType::Int8);
  EXPECT_EQ(input.quantization->zero_point(), 89);
  EXPECT_NEAR(input.quantization->scale(), 0.391015, 1e-6);
}

}  // namespace
}  // namespace pare
