// The descriptions of the shared data: counts, splits and first values as their publishers give them.
#include <gmock/gmock.h>

#include <cstdlib>
#include <set>

#include "data/data_set.h"
#include "data/describe.h"
#include "testing/assets.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

class SharedData : public ::testing::Test {
 protected:
  void SetUp() override {
    PARE_REQUIRE_ASSET("data");
    ::setenv("PARE_ASSETS", testing::assets().c_str(), 1);
  }
  static DataSet open(const std::string& name) {
    auto set = DataSet::open(std::filesystem::path(PARE_DATA_SETS) / name);
    EXPECT_TRUE(set) << set.error().to_string();
    return std::move(set).value();
  }
  static Tensor first_sample(const DataView& view) {
    const auto batch = view.source().read(0, 1);
    EXPECT_TRUE(batch) << batch.error().to_string();
    return batch->front();
  }
  static std::vector<float> first_values(const DataView& view, size_t count) {
    const std::vector<float> all = to_floats(first_sample(view));
    return {all.begin(), all.begin() + static_cast<ptrdiff_t>(count)};
  }
  static int64_t count(const DataSet& set, Split which) { return set.split(which)->count(); }
};

TEST_F(SharedData, Cifar10) {
  const DataSet set = open("cifar10.toml");
  EXPECT_EQ(count(set, Split::Calibration), 500);
  EXPECT_EQ(count(set, Split::Train), 2500);
  const DataView test = *set.split(Split::Test);
  ASSERT_EQ(test.count(), 10'000);
  EXPECT_THAT(test.first(12).labels(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1))
      << "records go round the classes";
  EXPECT_EQ(count(open("cifar10_augmented.toml"), Split::Train), 3000);
  EXPECT_EQ(first_sample(test).shape(), (Shape{1, 32, 32, 3}));
  EXPECT_THAT(first_values(test, 6), ElementsAre(243, 223, 147, 237, 217, 145));
}

TEST_F(SharedData, MnistAndFashion) {
  const DataSet mnist = open("mnist.toml");
  EXPECT_EQ(count(mnist, Split::Calibration), 10'000);
  EXPECT_EQ(count(mnist, Split::Train), 50'000);
  EXPECT_THAT(mnist.split(Split::Test)->first(5).labels(), ElementsAre(7, 2, 1, 0, 4));
  EXPECT_THAT(mnist.split(Split::Calibration)->first(5).labels(), ElementsAre(5, 0, 4, 1, 9));
  EXPECT_EQ(first_sample(*mnist.split(Split::Test)).shape(), (Shape{1, 28, 28, 1}));
  const DataSet fashion = open("fashion.toml");
  EXPECT_EQ(count(fashion, Split::Test), 10'000);
  EXPECT_THAT(fashion.split(Split::Test)->first(5).labels(), ElementsAre(9, 2, 1, 1, 6));
  const auto summary = summarize(fashion, 2);
  ASSERT_TRUE(summary);
  EXPECT_THAT(summary->back().per_class, ::testing::Each(1000));
  EXPECT_EQ(summary->back().inputs[0].highest, 1.0);
}

TEST_F(SharedData, KeywordSpotting) {
  const DataSet set = open("kws.toml");
  EXPECT_EQ(count(set, Split::Calibration), 200);
  const DataView test = *set.split(Split::Test);
  ASSERT_EQ(test.count(), 709);
  EXPECT_THAT(test.first(4).labels(), ElementsAre(7, 2, 8, 5));
  EXPECT_EQ(first_sample(test).shape(), (Shape{1, 49, 10, 1}));
  EXPECT_THAT(first_values(test, 3), ElementsAre(-47.3606987f, 1.16939998f, -1.16939998f));
  const DataSet halves = open("kws_halves.toml");
  EXPECT_EQ(count(halves, Split::Train) + count(halves, Split::Test), 709);
}

TEST_F(SharedData, VisualWakeWords) {
  const DataSet set = open("vww.toml");
  const DataView test = *set.split(Split::Test), mirrored = *set.split(Split::Calibration);
  ASSERT_EQ(test.count(), 22);
  const std::vector<int64_t> labels = test.labels();
  EXPECT_EQ(std::count(labels.begin(), labels.end(), 1), 11);
  const std::vector<float> image = to_floats(first_sample(test)), other = to_floats(first_sample(mirrored));
  EXPECT_EQ(image[0], other[95 * 3]) << "left and right are exchanged";
}

TEST_F(SharedData, ToyCarWindows) {
  const DataSet set = open("toycar.toml");
  const DataView test = *set.split(Split::Test);
  ASSERT_EQ(test.count(), 196);
  EXPECT_EQ(test.target(), TargetKind::Input);
  const auto windows = test.source().read(0, 2);
  ASSERT_TRUE(windows);
  EXPECT_EQ(windows->front().shape(), (Shape{2, 640}));
  const auto values = windows->front().values<float>();
  EXPECT_EQ(values[128], values[640]) << "the second window begins one frame later";
}

TEST_F(SharedData, WakeWord) {
  const DataSet set = open("wake_word.toml");
  const DataView test = *set.split(Split::Test);
  ASSERT_EQ(test.count(), 45);
  EXPECT_EQ(first_sample(test).shape(), (Shape{1, 30, 1, 40}));
  EXPECT_EQ(test.labels().front(), 2);
}

TEST_F(SharedData, ImageNet) {
  const DataSet set = open("imagenet_mobilenet.toml"), other = open("imagenet_efficientnet.toml");
  EXPECT_EQ(count(set, Split::Calibration), 200);
  const DataView test = *set.split(Split::Test);
  ASSERT_EQ(test.count(), 698);
  EXPECT_EQ(first_sample(test).shape(), (Shape{1, 224, 224, 3}));
  const std::vector<int64_t> labels = test.labels();
  EXPECT_EQ(std::set<int64_t>(labels.begin(), labels.end()).size(), 698u) << "one image a class";
  EXPECT_THAT(first_values(test, 2), ElementsAre(FloatNear(-0.72549020f, 1e-6f), FloatNear(-0.64705882f, 1e-6f)));
  EXPECT_THAT(first_values(*other.split(Split::Test), 2),
              ElementsAre(FloatNear(-0.71875000f, 1e-6f), FloatNear(-0.64062500f, 1e-6f)));
}

TEST_F(SharedData, BareFiles) {
  const std::filesystem::path data = testing::assets() / "data";
  const auto idx = DataSet::open(data / "mnist/t10k-images-idx3-ubyte.gz");
  ASSERT_TRUE(idx) << idx.error().to_string();
  EXPECT_THAT(idx->split(Split::Test)->first(3).labels(), ElementsAre(7, 2, 1)) << "labels are found beside the images";
  const auto cifar = DataSet::open(data / "cifar10/cifar10_train_3000.bin.xz");
  ASSERT_TRUE(cifar) << cifar.error().to_string();
  EXPECT_EQ(cifar->split(Split::Train)->count(), 3000);
  const auto iris = DataSet::open(data / "tabular/iris.csv");
  ASSERT_TRUE(iris) << iris.error().to_string();
  EXPECT_EQ(iris->classes(), 3);
  const auto adult = DataSet::open(data / "tabular/adult-train.csv.gz");
  ASSERT_FALSE(adult);
  EXPECT_EQ(adult.error().code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace pare
