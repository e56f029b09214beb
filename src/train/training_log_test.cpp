#include "train/training_log.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

EpochRecord epoch(int64_t number) {
  return {.progress = {.epoch = number,
                       .epochs = 3,
                       .samples = 50,
                       .samples_of_epoch = 50,
                       .loss = 0.25,
                       .accuracy = 0.5,
                       .seconds = 2},
          .rate = 0.125,
          .score = 0.75};
}

class TrainingLogTest : public testing::TemporaryFolder {
 protected:
  std::string text(const std::string& name) const {
    const auto bytes = read_file(folder_ / "log" / name);
    return bytes ? std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()) : bytes.error().to_string();
  }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(folder_ / "log"))
      names.push_back(each.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  void log(const std::vector<EpochRecord>& over, const std::vector<EpochRecord>& now) const {
    auto log = TrainingLog::open(folder_ / "log", over);
    ASSERT_TRUE(log) << log.error().to_string();
    const std::vector<NamedTensor> weights{{"conv", Tensor::vector<float>({1, 2, 3})}};
    for (const EpochRecord& each : now) ASSERT_TRUE(log->add(each, weights));
  }

  const std::string heading_ = "epoch,loss,accuracy,validation,rate,seconds,samples_per_second\n";
};

TEST_F(TrainingLogTest, HasARowAnEpoch) {
  EpochRecord plain = epoch(2);
  plain.progress.accuracy = plain.score = std::nullopt;
  log({}, {epoch(1), plain});
  EXPECT_EQ(text("epochs.csv"), heading_ + "1,0.25,0.5,0.75,0.125,2.000,25.0\n2,0.25,,,0.125,2.000,25.0\n");
  EXPECT_THAT(text("events.out.tfevents.0001.pare"), HasSubstr("samples_per_second"));
  EXPECT_THAT(text("events.out.tfevents.0001.pare"), HasSubstr("weights/conv"));
}

TEST_F(TrainingLogTest, GoesOnBehindTheEpochsThatAreOver) {
  log({}, {epoch(1), epoch(2)});
  log({epoch(1)}, {epoch(2), epoch(3)});
  EXPECT_EQ(text("epochs.csv"), heading_ +
                                    "1,0.25,0.5,0.75,0.125,2.000,25.0\n2,0.25,0.5,0.75,0.125,2.000,25.0\n"
                                    "3,0.25,0.5,0.75,0.125,2.000,25.0\n");
  EXPECT_THAT(files(), ElementsAre("epochs.csv", "events.out.tfevents.0001.pare", "events.out.tfevents.0002.pare"));
}

TEST_F(TrainingLogTest, ReplacesThatOfAnEarlierRun) {
  log({}, {epoch(1)});
  log({epoch(1)}, {epoch(2)});
  ASSERT_TRUE(write_file(folder_ / "log" / "notes", std::string_view("mine")));
  log({}, {});
  EXPECT_EQ(text("epochs.csv"), heading_);
  EXPECT_THAT(files(), ElementsAre("epochs.csv", "events.out.tfevents.0001.pare", "notes"));
}

TEST_F(TrainingLogTest, FailsWhereThereCanBeNoFolder) {
  ASSERT_TRUE(write_file(folder_ / "log", std::string_view("a file")));
  const auto log = TrainingLog::open(folder_ / "log", {});
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error().to_string(), HasSubstr("log: cannot make the folder of the log"));
}

}  // namespace
}  // namespace pare
