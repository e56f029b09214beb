// What was read can be written, and read again to the same model. (That runtimes see the same, tests/peers shows.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/files.h"
#include "data/archive.h"
#include "formats/tflite/reader.h"
#include "formats/tflite/runtime_version.h"
#include "formats/tflite/writer.h"
#include "ir/diff.h"
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

std::vector<std::string> port_names(const std::vector<std::pair<std::string, Value*>>& ports) {
  std::vector<std::string> names;
  for (const auto& [name, value] : ports) names.push_back(name + "=" + value->name);
  return names;
}

// The oldest runtime is told anew.
std::map<std::string, std::vector<std::byte>> kept_metadata(const Model& model) {
  auto metadata = model.metadata;
  metadata.erase("min_runtime_version");
  return metadata;
}

void expect_equal(const Model& before, const Model& after) {
  EXPECT_EQ(before.description, after.description);
  EXPECT_EQ(kept_metadata(before), kept_metadata(after));
  ASSERT_EQ(before.graphs.size(), after.graphs.size());
  for (size_t i = 0; i < before.graphs.size(); ++i) {
    EXPECT_EQ(diff(before.graphs[i], after.graphs[i]), "");
    ASSERT_EQ(before.graphs[i].values().size(), after.graphs[i].values().size());
    for (size_t v = 0; v < before.graphs[i].values().size(); ++v)
      EXPECT_EQ(before.graphs[i].values()[v]->type, after.graphs[i].values()[v]->type);
  }
  ASSERT_EQ(before.signatures.size(), after.signatures.size());
  for (size_t i = 0; i < before.signatures.size(); ++i) {
    EXPECT_EQ(before.signatures[i].key, after.signatures[i].key);
    EXPECT_EQ(before.signatures[i].graph, after.signatures[i].graph);
    EXPECT_EQ(port_names(before.signatures[i].inputs), port_names(after.signatures[i].inputs));
    EXPECT_EQ(port_names(before.signatures[i].outputs), port_names(after.signatures[i].outputs));
  }
}

void expect_round_trip(const std::string& name, std::span<const std::byte> file) {
  SCOPED_TRACE(name);
  const auto model = read_tflite(file, name);
  if (name.ends_with("trained_lstm.tflite")) {
    ASSERT_FALSE(model);
    EXPECT_THAT(model.error().to_string(),
                ::testing::HasSubstr("UNIDIRECTIONAL_SEQUENCE_LSTM is not one that Pare reads"));
    return;
  }
  ASSERT_TRUE(model) << model.error().to_string();
  const auto bytes = write_tflite(*model);
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  const auto again = read_tflite(*bytes, name);
  ASSERT_TRUE(again) << again.error().to_string();
  expect_equal(*model, *again);
  EXPECT_EQ(*bytes, *write_tflite(*again));
}

TEST(TfliteRoundTrip, EveryFileOfTheAssets) {
  PARE_REQUIRE_ASSET("models");
  for (const fs::path& path : files_below(testing::assets() / "models")) {
    const auto file = read_file(path);
    ASSERT_TRUE(file);
    expect_round_trip(path.string(), *file);
  }
}

TEST(TfliteRoundTrip, EveryFileOfTheQuantizerSuite) {
  PARE_REQUIRE_ASSET("models/suites/ai_edge_quantizer_models.tar.xz");
  const auto packed = read_file(testing::assets() / "models/suites/ai_edge_quantizer_models.tar.xz");
  ASSERT_TRUE(packed);
  const auto entries = unpack(*packed);
  ASSERT_TRUE(entries) << entries.error().to_string();
  int count = 0;
  for (const ArchiveEntry& entry : *entries) {
    if (!entry.name.ends_with(".tflite")) continue;
    expect_round_trip(entry.name, entry.bytes);
    ++count;
  }
  EXPECT_GT(count, 50);
}

// Of float networks the converter says the same; of quantised ones it says what they needed before it quantised them.
TEST(TfliteRoundTrip, RuntimeVersionFollowsTheOperators) {
  PARE_REQUIRE_ASSET("models/mlperf_tiny");
  const std::map<std::string, std::string> expected{{"ad/ad01_fp32", "1.5.0"},       {"ic/pretrainedResnet", "1.5.0"},
                                                    {"vww/vww_96_float", "1.5.0"},   {"ad/ad01_int8", "1.14.0"},
                                                    {"kws/kws_ref_model", "1.14.0"}, {"vww/vww_96_int8", "1.14.0"}};
  for (const auto& [name, version] : expected) {
    const auto file = read_file(testing::assets() / "models/mlperf_tiny" / (name + ".tflite"));
    ASSERT_TRUE(file);
    const auto model = read_tflite(*file, name);
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_EQ(tflite::minimum_runtime_version(*model).to_string(), version) << name;
  }
}

}  // namespace
}  // namespace pare
