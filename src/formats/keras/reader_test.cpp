#include "formats/keras/reader.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "engine/program.h"
#include "formats/formats.h"
#include "formats/keras/test_files.h"
#include "ir/text.h"
#include "testing/assets.h"

namespace pare {
namespace {

using keras::testing::layer;
using keras::testing::sequential;
using keras::testing::TemporaryFile;
using keras::testing::Weight;
using keras::testing::write_h5;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pointwise;

// Outputs for inputs in the order of the graph, all of them float32 with the batch in front.
std::vector<std::vector<float>> run(const Model& model, const std::vector<Tensor>& inputs) {
  const auto program = Program::compile(model.main(), {.engine = Engine::Reference, .batch = inputs[0].shape()[0]});
  if (!program) {
    ADD_FAILURE() << program.error().to_string();
    return {};
  }
  Context context(*program);
  const auto set = context.set_inputs(inputs);
  EXPECT_TRUE(set) << (set ? "" : set.error().to_string());
  context.run();
  std::vector<std::vector<float>> outputs;
  for (size_t i = 0; i < model.main().outputs.size(); ++i) outputs.push_back(to_floats(context.output_tensor(i)));
  return outputs;
}

// Reads a Sequential model of these layers and runs it on one sample.
std::vector<float> run_layers(const std::string& layers, const std::vector<Weight>& weights, const Tensor& sample) {
  const TemporaryFile file(".h5");
  std::string shape = "[null";
  for (int i = 1; i < sample.shape().rank(); ++i) shape += ", " + std::to_string(sample.shape()[i]);
  write_h5(file.path(), sequential(layers, shape + "]"), {{"l", weights}});
  const auto model = read_keras(file.path());
  if (!model) {
    ADD_FAILURE() << model.error().to_string();
    return {};
  }
  return run(*model, {sample})[0];
}

TEST(ReadKeras, DenseWithActivation) {
  const auto out = run_layers(layer("Dense", R"("units": 2, "activation": "relu")"),
                              {{"kernel:0", {3, 2}, {1, -1, 2, -2, 3, -3}}, {"bias:0", {2}, {10, 20}}},
                              Tensor::of<float>({1, 3}, {1, 2, 3}));
  EXPECT_THAT(out, ElementsAre(24, 6));
  EXPECT_THAT(run_layers(layer("Dense", R"("units": 1, "use_bias": false)"), {{"kernel:0", {1, 1}, {2}}},
                         Tensor::of<float>({1, 2, 1}, {3, 4})),
              ElementsAre(6, 8));
}

TEST(ReadKeras, DropoutIsThereForTraining) {
  const auto dropouts = [](const std::string& json) {
    const TemporaryFile file(".h5");
    write_h5(file.path(), sequential(json), {});
    const auto model = read_keras(file.path());
    std::string text = model ? print(model->main()) : model.error().to_string();
    return text.substr(text.find('\n') + 1);
  };
  EXPECT_THAT(dropouts(layer("Dropout", R"("rate": 0.25)", "drop")), HasSubstr("%drop = dropout(%x) {rate = 0.25}"));
  EXPECT_THAT(dropouts(layer("SpatialDropout1D", R"("rate": 0.25)", "drop")),
              HasSubstr("%drop = dropout(%x) {rate = 0.25, per_channel = true}"));
  EXPECT_THAT(dropouts(layer("Dropout", R"("rate": 0)", "drop")), Not(HasSubstr("dropout")));
  EXPECT_THAT(dropouts(layer("Dropout", R"("rate": 0.5, "noise_shape": [1, 3])", "drop")), Not(HasSubstr("dropout")));
  EXPECT_THAT(dropouts(layer("GaussianDropout", R"("rate": 0.5)", "drop")), Not(HasSubstr("dropout")));
}

TEST(ReadKeras, NamesFollowTheLayers) {
  const TemporaryFile file(".h5");
  write_h5(file.path(),
           sequential(layer("Dense", R"("units": 2, "activation": "relu")", "first") + "," +
                      layer("Dropout", "", "drop") + "," + layer("Dense", R"("units": 1)", "second")),
           {{"first", {{"kernel:0", {3, 2}, std::vector<float>(6, 1)}, {"bias:0", {2}, {0, 0}}}},
            {"second", {{"kernel:0", {2, 1}, {1, 1}}, {"bias:0", {1}, {0}}}}});
  const auto model = read_keras(file.path());
  ASSERT_TRUE(model) << model.error().to_string();
  const Graph& graph = model->main();
  ASSERT_EQ(graph.inputs.size(), 1);
  EXPECT_EQ(graph.inputs[0]->name, "x");
  EXPECT_EQ(graph.inputs[0]->type.shape, (Shape{kDynamic, 3}));
  EXPECT_EQ(graph.outputs[0]->name, "second");
  EXPECT_NE(graph.find_value("first"), nullptr);
  EXPECT_EQ(graph.find_value("drop"), nullptr);
  EXPECT_NE(graph.find_value("second/kernel"), nullptr);
  ASSERT_EQ(model->signatures.size(), 1);
  EXPECT_EQ(model->signatures[0].key, "serving_default");
  EXPECT_EQ(model->signatures[0].inputs[0].first, "x");
  EXPECT_EQ(model->signatures[0].outputs[0].first, "second");
  EXPECT_EQ(model->source_format, "keras");
}

TEST(ReadKeras, SharedLayersShareTheirWeights) {
  const TemporaryFile file(".h5");
  const std::string config = R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "name": "a", "config": {"batch_input_shape": [null, 2]}, "inbound_nodes": []},
    {"class_name": "InputLayer", "name": "b", "config": {"batch_input_shape": [null, 2]}, "inbound_nodes": []},
    {"class_name": "Dense", "name": "shared", "config": {"units": 1, "use_bias": false}, "inbound_nodes": [[["a", 0, 0, {}]], [["b", 0, 0, {}]]]}],
    "input_layers": [["b", 0, 0], ["a", 0, 0]], "output_layers": [["shared", 1, 0], ["shared", 0, 0]]}})";
  write_h5(file.path(), config, {{"shared", {{"kernel:0", {2, 1}, {1, 10}}}}});
  const auto model = read_keras(file.path());
  ASSERT_TRUE(model) << model.error().to_string();
  const auto out = run(*model, {Tensor::of<float>({1, 2}, {1, 2}), Tensor::of<float>({1, 2}, {3, 4})});  // b, a
  EXPECT_THAT(out[0], ElementsAre(21));
  EXPECT_THAT(out[1], ElementsAre(43));
  size_t kernels = 0;
  for (const auto& value : model->main().values()) kernels += value->is_constant();
  EXPECT_EQ(kernels, 1);
  EXPECT_EQ(model->signatures[0].outputs[1].first, "shared_1");
}

TEST(ReadKeras, HardSigmoidIsThatOfTheVersion) {
  const TemporaryFile file(".h5");
  for (const auto& [version, expected] : {std::pair{"2.15.0", 0.7f}, {"3.0.0", 1.f / 6 + 0.5f}}) {
    write_h5(file.path(), sequential(layer("Activation", R"("activation": "hard_sigmoid")")), {}, version);
    const auto model = read_keras(file.path());
    ASSERT_TRUE(model) << model.error().to_string();
    EXPECT_THAT(run(*model, {Tensor::of<float>({1, 3}, {1, -9, 9})})[0], Pointwise(FloatEq(), {expected, 0.f, 1.f}));
  }
}

TEST(ReadKeras, CausalConvolutionSeesOnlyThePast) {
  const auto out = run_layers(
      layer(
          "Conv1D",
          R"("filters": 1, "kernel_size": [2], "strides": [1], "padding": "causal", "dilation_rate": [2], "use_bias": false)"),
      {{"kernel:0", {2, 1, 1}, {1, 10}}}, Tensor::of<float>({1, 4, 1}, {1, 2, 3, 4}));
  EXPECT_THAT(out, ElementsAre(10, 20, 31, 42));
}

TEST(ReadKeras, TransposedConvolutionPutsKernelsDown) {
  const auto out =
      run_layers(layer("Conv1DTranspose",
                       R"("filters": 1, "kernel_size": [3], "strides": [2], "padding": "valid", "use_bias": false)"),
                 {{"kernel:0", {3, 1, 1}, {1, 2, 3}}}, Tensor::of<float>({1, 2, 1}, {1, 10}));
  EXPECT_THAT(out, ElementsAre(1, 2, 13, 20, 30));
}

TEST(ReadKeras, NormalizationByGivenStatistics) {
  const auto out = run_layers(layer("Normalization", R"("axis": [-1], "mean": [[1, 2]], "variance": [[4, 0]])"), {},
                              Tensor::of<float>({1, 2}, {5, 2}));
  EXPECT_THAT(out, ElementsAre(2, 0));
}

struct Twin {
  const char *keras, *tflite;
};
void PrintTo(const Twin& twin, std::ostream* out) { *out << twin.keras; }

class KerasAssets : public ::testing::TestWithParam<Twin> {};

// The same net as .h5 and as TFLite, read by us: the same outputs.
TEST_P(KerasAssets, GiveTheOutputsOfTheirTfliteFiles) {
  const auto folder = testing::assets() / "models";
  PARE_REQUIRE_ASSET(std::string("models/") + GetParam().keras);
  const auto ours = read_model(folder / GetParam().keras), twin = read_model(folder / GetParam().tflite);
  ASSERT_TRUE(ours) << ours.error().to_string();
  ASSERT_TRUE(twin) << twin.error().to_string();
  Random random(5);
  std::vector<int64_t> dims = ours->main().inputs[0]->type.shape.dims();
  dims[0] = 1;
  Tensor sample(DType::Float32, Shape(dims));
  for (float& value : sample.mutable_values<float>()) value = random.uniform(0, 1);
  const auto found = run(*ours, {sample})[0], expected = run(*twin, {sample})[0];
  ASSERT_EQ(found.size(), expected.size());
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5f * largest);
}

INSTANTIATE_TEST_SUITE_P(
    Twins, KerasAssets,
    ::testing::Values(Twin{"mlperf_tiny/ic/pretrainedResnet.h5", "mlperf_tiny/ic/pretrainedResnet.tflite"},
                      Twin{"mlperf_tiny/kws/kws_ref_model.h5", "mlperf_tiny/kws/kws_ref_model_true_float.tflite"},
                      Twin{"mlperf_tiny/vww/vww_96.h5", "mlperf_tiny/vww/vww_96_float.tflite"}));

TEST(KerasAssets, AllAreRead) {
  PARE_REQUIRE_ASSET("models");
  size_t read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(testing::assets() / "models")) {
    if (entry.path().extension() != ".h5" && entry.path().extension() != ".keras") continue;
    const auto model = read_keras(entry.path());
    EXPECT_TRUE(model) << model.error().to_string();
    ++read;
  }
  EXPECT_EQ(read, 10);
}

}  // namespace
}  // namespace pare
