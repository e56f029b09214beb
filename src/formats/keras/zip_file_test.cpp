#include "formats/keras/zip_file.h"

#include <gmock/gmock.h>

#include "formats/keras/test_files.h"

namespace pare {
namespace {

using keras::testing::bytes_of;
using keras::testing::TemporaryFile;
using keras::testing::write_bytes;
using keras::testing::write_zip;
using ::testing::HasSubstr;

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(ZipFile, UnpacksEntries) {
  const TemporaryFile file(".zip");
  write_zip(file.path(), {{"config.json", "{}"}, {"long", std::string(5000, 'x')}, {"empty", ""}});
  const auto archive = ZipFile::open(file.path());
  ASSERT_TRUE(archive) << archive.error().to_string();
  EXPECT_TRUE(archive->has("config.json"));
  EXPECT_FALSE(archive->has("none"));
  EXPECT_EQ(text_of(*archive->read("config.json", 100)), "{}");
  EXPECT_EQ(text_of(*archive->read("long", 5000)), std::string(5000, 'x'));
  EXPECT_TRUE(archive->read("empty", 100)->empty());
}

TEST(ZipFile, RejectsWhatIsTooLarge) {
  const TemporaryFile file(".zip");
  write_zip(file.path(), {{"long", std::string(5000, 'x')}});
  const auto content = ZipFile::open(file.path())->read("long", 4999);
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, HasSubstr("'long' in the archive claims 5000 bytes"));
}

TEST(ZipFile, RejectsForgedSizes) {
  const TemporaryFile file(".zip");
  write_zip(file.path(), {{"long", std::string(5000, 'x')}});
  std::string bytes = bytes_of(file.path());
  const size_t directory = bytes.find("PK\x01\x02");
  ASSERT_NE(directory, std::string::npos);
  bytes.replace(directory + 24, 4, std::string("\xff\xff\xff\x7f", 4));  // the unpacked size in the central directory
  write_bytes(file.path(), bytes);
  const auto archive = ZipFile::open(file.path());
  ASSERT_TRUE(archive) << archive.error().to_string();
  const auto content = archive->read("long", uint64_t{1} << 34);
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, HasSubstr("damaged or forged"));
}

TEST(ZipFile, ComparesChecksums) {
  const TemporaryFile file(".zip");
  write_zip(file.path(), {{"words", "ein zwei drei vier"}});
  std::string bytes = bytes_of(file.path());
  const size_t directory = bytes.find("PK\x01\x02");
  ASSERT_NE(directory, std::string::npos);
  bytes[directory + 16] = static_cast<char>(bytes[directory + 16] ^ 1);  // the checksum in the central directory
  write_bytes(file.path(), bytes);
  const auto content = ZipFile::open(file.path())->read("words", 1000);
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, HasSubstr("'words' in the archive does not match its checksum"));
}

TEST(ZipFile, RejectsDamage) {
  const TemporaryFile file(".zip");
  write_zip(file.path(), {{"words", "ein zwei drei vier fuenf sechs sieben acht"}});
  const std::string whole = bytes_of(file.path());
  for (size_t size = 0; size < whole.size(); size += 7) {
    write_bytes(file.path(), whole.substr(0, size));
    const auto archive = ZipFile::open(file.path());  // an empty file is an empty archive
    EXPECT_FALSE(archive && archive->read("words", 1000)) << size;
    if (!archive) { EXPECT_THAT(archive.error().message, HasSubstr("not a zip archive, or it is cut short")); }
  }
  std::string bytes = whole;
  bytes[40] = static_cast<char>(bytes[40] ^ 0x55);  // inside the packed data
  write_bytes(file.path(), bytes);
  const auto archive = ZipFile::open(file.path());
  ASSERT_TRUE(archive);
  EXPECT_FALSE(archive->read("words", 1000));
  EXPECT_THAT(archive->read("none", 1000).error().message, HasSubstr("has no 'none'"));
}

}  // namespace
}  // namespace pare
