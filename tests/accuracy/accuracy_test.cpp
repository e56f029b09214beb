// Networks of others on their own data: the accuracy that was published or measured for each file, to the sample.
#include <gmock/gmock.h>

#include <cstdlib>

#include "base/parallel.h"
#include "data/data_set.h"
#include "eval/evaluate.h"
#include "formats/formats.h"
#include "steps/samples.h"
#include "testing/assets.h"

namespace pare {
namespace {

struct Case {
  std::string name, model, data;
  int64_t right;  // samples of the split test
  Engine engine = Engine::Fast;
};

void PrintTo(const Case& each, std::ostream* out) { *out << each.model << " on " << each.data; }

Expected<Evaluation> evaluated(const std::string& model_path, const std::string& data, Engine engine) {
  ::setenv("PARE_ASSETS", testing::assets().c_str(), 1);
  PARE_ASSIGN(const Model model, read_model(testing::assets() / "models" / model_path));
  PARE_ASSIGN(const DataSet set, DataSet::open(std::filesystem::path(PARE_DATA_SETS) / data));
  PARE_ASSIGN(const DataView view, set.split(Split::Test));
  PARE_ASSIGN(const SampleSource source, source_for(model.main(), view));
  return evaluate(model.main(), source, view, {.engine = engine, .threads = available_threads()});
}

class Accuracy : public ::testing::TestWithParam<Case> {};

TEST_P(Accuracy, IsThePublishedOne) {
  const Case& each = GetParam();
  PARE_REQUIRE_ASSET("models/" + each.model);
  const auto result = evaluated(each.model, each.data, each.engine);
  ASSERT_TRUE(result) << result.error().to_string();
  const std::vector<uint8_t>& right = result->classification->right;
  EXPECT_EQ(std::count(right.begin(), right.end(), 1), each.right) << "of " << result->samples;
}

// The integer network runs on the reference engine; LiteRT BUILTIN_REF gives 640, its default kernels 641. The .keras holds other
// weights than the .h5 of the same name: Keras gets 9918 with it.
INSTANTIATE_TEST_SUITE_P(
    Networks, Accuracy,
    ::testing::Values(Case{"resnet8_keras", "mlperf_tiny/ic/pretrainedResnet.h5", "cifar10.toml", 8719},
                      Case{"resnet8_tflite", "mlperf_tiny/ic/pretrainedResnet.tflite", "cifar10.toml", 8719},
                      Case{"dscnn_keras", "mlperf_tiny/kws/kws_ref_model.h5", "kws.toml", 641},
                      Case{"dscnn_tflite", "mlperf_tiny/kws/kws_ref_model_true_float.tflite", "kws.toml", 641},
                      Case{"dscnn_int8", "mlperf_tiny/kws/kws_ref_model.tflite", "kws.toml", 640, Engine::Reference},
                      Case{"mnist_h5", "keras/mnist_model.h5", "mnist.toml", 9928},
                      Case{"mnist_keras", "keras/mnist_model.keras", "mnist.toml", 9918},
                      Case{"fashion_h5", "keras/fashion_mnist_model.h5", "fashion.toml", 8921},
                      Case{"mobilenet", "imagenet/mobilenet_v1_0.25_224.h5", "imagenet_mobilenet.toml", 404},
                      Case{"efficientnet", "imagenet/efficientnet_lite0.h5", "imagenet_efficientnet.toml", 613}),
    [](const auto& info) { return info.param.name; });

TEST(Reconstruction, ToyCarAutoEncoder) {
  PARE_REQUIRE_ASSET("models/mlperf_tiny/ad/ad01.h5");
  const auto result = evaluated("mlperf_tiny/ad/ad01.h5", "toycar.toml", Engine::Fast);
  ASSERT_TRUE(result) << result.error().to_string();
  EXPECT_NEAR(result->regression->mse, 9.491, 5e-4);
}

}  // namespace
}  // namespace pare
