#include "train/event_file.h"

#include <gmock/gmock.h>

#include <cstring>
#include <limits>

#include "base/files.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(TfRecord, IsFramedByItsLengthAndMaskedChecksums) {
  const std::string record = tf_record(std::string(24, 'x'));
  // How each event file of TensorFlow begins: 24 bytes follow.
  EXPECT_EQ(record.substr(0, 12), std::string("\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22", 12));
  ASSERT_EQ(record.size(), 8 + 4 + 24 + 4u);
  // The checksum of RFC 3720, B.4: CRC-32C of 32 zeros is 8a9136aa.
  uint32_t masked = 0;
  std::memcpy(&masked, tf_record(std::string(32, '\0')).data() + 12 + 32, sizeof masked);
  const uint32_t turned = masked - 0xa282ead8u;
  EXPECT_EQ((turned << 15) | (turned >> 17), 0x8a9136aau);
}

TEST(HistogramOf, CountsTheFiniteValues) {
  const float inf = std::numeric_limits<float>::infinity();
  const Histogram made = histogram_of(std::vector<float>{0, 30, 1, 1.5f, inf, std::nanf(""), 30});
  EXPECT_EQ(made.smallest, 0);
  EXPECT_EQ(made.largest, 30);
  EXPECT_EQ(made.count, 5);
  EXPECT_EQ(made.sum, 62.5);
  EXPECT_EQ(made.sum_of_squares, 1803.25);
  ASSERT_THAT(made.limits, SizeIs(30));
  EXPECT_EQ(made.limits[0], 1);
  EXPECT_EQ(made.counts[0], 2);  // 0 and 1, which is the limit
  EXPECT_EQ(made.counts[1], 1);
  EXPECT_EQ(made.counts[29], 2);
}

TEST(HistogramOf, EqualValuesLieInOneBucket) {
  const Histogram made = histogram_of(std::vector<float>{2, 2});
  EXPECT_THAT(made.limits, ElementsAre(2));
  EXPECT_THAT(made.counts, ElementsAre(2));
  EXPECT_THAT(histogram_of({}).limits, SizeIs(0));
}

class EventFileTest : public testing::TemporaryFolder {
 protected:
  // The data of the records of a file, whose checksums hold.
  std::vector<std::string> records(const std::filesystem::path& path) const {
    const auto bytes = read_file(path);
    std::string rest(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    std::vector<std::string> found;
    while (!rest.empty()) {
      uint64_t length = 0;
      std::memcpy(&length, rest.data(), sizeof length);
      found.push_back(rest.substr(12, length));
      EXPECT_EQ(tf_record(found.back()), rest.substr(0, length + 16));
      rest.erase(0, length + 16);
    }
    return found;
  }
};

TEST_F(EventFileTest, HoldsTheMessagesOfTensorFlow) {
  auto file = EventFile::create(folder_ / "events", 1);
  ASSERT_TRUE(file) << file.error().to_string();
  const std::vector<LoggedValue> values{{"loss", 0.5}, {"w", histogram_of(std::vector<float>{2, 2})}};
  ASSERT_TRUE(file->append(300, values));
  const std::vector<std::string> found = records(folder_ / "events");
  ASSERT_THAT(found, SizeIs(3));
  // Each begins with field 1, a double: the time.
  for (const std::string& each : found) EXPECT_EQ(each[0], 0x09);
  EXPECT_EQ(found[0].substr(9),
            "\x1a\x0d"
            "brain.Event:2");
  EXPECT_EQ(found[1].substr(9), "\x10\x01\x3a\x02\x08\x01");  // step 1, session started
  const std::string number("\x0a\x04loss\x15\0\0\0\x3f", 11);
  std::string histogram("\x0a\x01w\x2a\x41", 5);
  for (int field = 1; const double each : {2., 2., 2., 4., 8.}) {
    histogram += static_cast<char>(field++ << 3 | 1);
    histogram.append(reinterpret_cast<const char*>(&each), sizeof each);
  }
  const double two = 2;
  for (const char* key : {"\x32\x08", "\x3a\x08"})  // limits, counts
    histogram.append(key).append(reinterpret_cast<const char*>(&two), sizeof two);
  const std::string summary = "\x0a\x0b" + number + "\x0a\x46" + histogram;
  EXPECT_EQ(found[2].substr(9), "\x10\xac\x02\x2a\x55" + summary);  // step 300
}

TEST_F(EventFileTest, FailsWhereItCannotBeWritten) {
  const auto file = EventFile::create(folder_ / "missing" / "events", 1);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().to_string(), ::testing::HasSubstr("cannot write: No such file"));
}

}  // namespace
}  // namespace pare
