// What was read can be written, and read again to the same model. (That runtimes see the same, tests/peers shows.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/test_files.h"
#include "formats/tflite/writer.h"
#include "ir/diff.h"
#include "testing/assets.h"

namespace pare {
namespace {

namespace fs = std::filesystem;
using tflite::testing::read_file_at;

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

void expect_equal(const Model& before, const Model& after) {
  EXPECT_EQ(before.description, after.description);
  EXPECT_EQ(before.metadata, after.metadata);
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

TEST(TfliteRoundTrip, EveryFileOfTheAssets) {
  PARE_REQUIRE_ASSET("models");
  for (const fs::path& path : files_below(testing::assets() / "models")) {
    SCOPED_TRACE(path.string());
    const auto model = read_file_at(path);
    if (path.filename() == "trained_lstm.tflite") {
      ASSERT_FALSE(model);
      EXPECT_THAT(model.error().to_string(), ::testing::HasSubstr("UNIDIRECTIONAL_SEQUENCE_LSTM is not one that Pare reads"));
      continue;
    }
    ASSERT_TRUE(model) << model.error().to_string();
    const auto bytes = write_tflite(*model);
    ASSERT_TRUE(bytes) << bytes.error().to_string();
    const auto again = read_tflite(*bytes, "again");
    ASSERT_TRUE(again) << again.error().to_string();
    expect_equal(*model, *again);
    EXPECT_EQ(*bytes, *write_tflite(*again));
  }
}

}  // namespace
}  // namespace pare
