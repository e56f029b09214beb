#include "formats/tflite/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "ir/verify.h"
#include "testing/assets.h"

namespace pare {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".tflite") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

TEST(TfliteReader, ReadsEveryNetworkOfMlperfTiny) {
  PARE_REQUIRE_ASSET("models/mlperf_tiny");
  for (const fs::path& path : files_below(testing::assets() / "models/mlperf_tiny")) {
    const auto bytes = read_file(path);
    ASSERT_TRUE(bytes);
    const auto model = read_tflite(*bytes, path.string());
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_GT(model->main().nodes().size(), 5u) << path;
    EXPECT_EQ(model->main().inputs.front()->type.shape[0], kDynamic) << path;
  }
}

}  // namespace
}  // namespace pare
