#include "formats/formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "formats/tflite/test_files.h"
#include "ir/diff.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Formats : public testing::TemporaryFolder {
 protected:
  void expect_refused(const fs::path& path, ErrorCode code, const std::string& message) const {
    const auto model = read_model(path);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code, code);
    EXPECT_THAT(model.error().to_string(), HasSubstr(message));
  }
};

TEST_F(Formats, ContentDecidesNotTheName) {
  const std::vector<std::byte> bytes = tflite::testing::relu_file().bytes();
  ASSERT_TRUE(write_file(folder_ / "net.bin", bytes));
  const auto model = read_model(folder_ / "net.bin");
  ASSERT_TRUE(model) << model.error().to_string();
  EXPECT_EQ(model->source_format, "tflite");
}

TEST_F(Formats, WritesWhatItReads) {
  const auto model = read_tflite(tflite::testing::relu_file().bytes(), "net");
  ASSERT_TRUE(write_model(*model, folder_ / "out.tflite"));
  const auto again = read_model(folder_ / "out.tflite");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(diff(model->main(), again->main()), "");
}

TEST_F(Formats, RejectsWhatItDoesNotRead) {
  put("saved/saved_model.pb", "x");
  fs::create_directories(folder_ / "empty");
  expect_refused(folder_ / "saved", ErrorCode::Unsupported,
                 "a TensorFlow SavedModel, which Pare does not read; .tflite");
  expect_refused(folder_ / "empty", ErrorCode::BadInput, "a folder; a model file was expected");
  expect_refused(put("net.onnx", "\x08\x07"), ErrorCode::Unsupported, "an ONNX file, which Pare does not read");
  expect_refused(put("notes.txt", "hello"), ErrorCode::BadInput, "not a model file that Pare knows");
  expect_refused(folder_ / "missing.tflite", ErrorCode::Io, "missing.tflite");
}

TEST_F(Formats, RejectsEndingsThatItDoesNotWrite) {
  const auto model = read_tflite(tflite::testing::relu_file().bytes(), "net");
  const auto done = write_model(*model, folder_ / "out.pb");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::Usage);
  EXPECT_THAT(
      done.error().to_string(),
      HasSubstr("the ending '.pb' names no format that Pare writes; .tflite, .h5, .keras and .pare are written"));
}

}  // namespace
}  // namespace pare
