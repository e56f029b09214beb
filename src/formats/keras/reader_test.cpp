#include "formats/keras/reader.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "engine/program.h"
#include "formats/formats.h"
#include "formats/keras/test_files.h"
#include "testing/assets.h"

namespace pare {
namespace {

using keras::testing::bytes_of;
using keras::testing::Hdf5Writer;
using keras::testing::TemporaryFile;
using keras::testing::Weight;
using keras::testing::write_bytes;
using keras::testing::write_h5;
using keras::testing::write_zip;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;
using ::testing::Pointwise;

std::string sequential(const std::string& layers, const std::string& shape = "[null, 3]") {
  return R"({"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "InputLayer", "config": {"name": "x", "batch_input_shape": )" +
         shape + R"(}}, )" + layers + "]}}";
}
std::string layer(const std::string& class_name, const std::string& settings = "", const std::string& name = "l") {
  return R"({"class_name": ")" + class_name + R"(", "config": {"name": ")" + name + "\"" +
         (settings.empty() ? "" : ", " + settings) + "}}";
}

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

std::string error_of(const std::string& config, const std::map<std::string, std::vector<Weight>>& weights = {},
                     const std::string& version = "2.15.0") {
  const TemporaryFile file("_bad.h5");
  write_h5(file.path(), config, weights, version);
  const auto model = read_keras(file.path());
  return model ? "no error" : std::string(to_string(model.error().code)) + ": " + model.error().to_string();
}
std::string unsupported_text() { return to_string(ErrorCode::Unsupported); }

TEST(ReadKeras, DenseWithActivation) {
  const auto out = run_layers(layer("Dense", R"("units": 2, "activation": "relu")"),
                              {{"kernel:0", {3, 2}, {1, -1, 2, -2, 3, -3}}, {"bias:0", {2}, {10, 20}}},
                              Tensor::of<float>({1, 3}, {1, 2, 3}));
  EXPECT_THAT(out, ElementsAre(24, 6));
  EXPECT_THAT(run_layers(layer("Dense", R"("units": 1, "use_bias": false)"), {{"kernel:0", {1, 1}, {2}}},
                         Tensor::of<float>({1, 2, 1}, {3, 4})),
              ElementsAre(6, 8));
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

TEST(ReadKeras, RejectsUnsupportedLayersByName) {
  const auto refuses = [](const std::string& class_name, const std::string& remedy) {
    EXPECT_THAT(error_of(sequential(layer(class_name, "", "culprit"))),
                ::testing::AllOf(HasSubstr(unsupported_text()), HasSubstr("layer 'culprit' (" + class_name + ")"),
                                 HasSubstr(remedy)));
  };
  refuses("LSTM", "recurrent layers are not supported");
  refuses("MultiHeadAttention", "attention layers are not supported");
  refuses("Lambda", "holds Python code");
  refuses("MyLayer", "only layers of Keras itself are supported");
  refuses("PruneLowMagnitude", "tfmot.sparsity.keras.strip_pruning");
  refuses("ClusterWeights", "tfmot.clustering.keras.strip_clustering");
  refuses("QuantizeWrapperV2", "convert it to TFLite");
}

TEST(ReadKeras, RejectsUnsupportedOptions) {
  const std::string convolution = R"("filters": 1, "kernel_size": [1, 1], "strides": [1, 1])";
  const auto error = [&](const std::string& class_name, const std::string& settings, const std::string& shape,
                         const std::vector<Weight>& weights = {}) {
    return error_of(sequential(layer(class_name, settings), shape), {{"l", weights}});
  };
  EXPECT_THAT(error("MaxPooling2D", R"("pool_size": 2, "data_format": "channels_first")", "[null, 4, 4, 1]"),
              HasSubstr("layer 'l' (MaxPooling2D): data_format 'channels_first' is not supported"));
  EXPECT_THAT(error("Activation", R"("activation": "my_function")", "[null, 3]"),
              HasSubstr("its activation 'my_function' is not supported"));
  EXPECT_THAT(error("UpSampling2D", R"("size": [2, 2], "interpolation": "bicubic")", "[null, 2, 2, 1]"),
              HasSubstr("interpolation 'bicubic' is not supported"));
  EXPECT_THAT(error("Resizing", R"("height": 2, "width": 2, "crop_to_aspect_ratio": true)", "[null, 4, 4, 1]"),
              HasSubstr("crop_to_aspect_ratio is not supported"));
  EXPECT_THAT(error("TFOpLambda", R"("function": "strings.lower")", "[null, 3]"),
              HasSubstr("the TensorFlow function 'strings.lower' is not supported"));
  EXPECT_THAT(error("Flatten", "", "[null, null, 4]"), HasSubstr("only the batch may be unknown"));
}

TEST(ReadKeras, RejectsWeightsThatDoNotFit) {
  const std::string dense = sequential(layer("Dense", R"("units": 2)"));
  const Weight kernel{"kernel:0", {3, 2}, std::vector<float>(6, 1)}, bias{"bias:0", {2}, {0, 0}};
  EXPECT_THAT(error_of(dense), HasSubstr("the file has no weights of layer 'l' (Dense)"));
  EXPECT_THAT(error_of(dense, {{"l", {kernel}}}),
              HasSubstr("layer 'l' (Dense) has 1 weights in the file, 2 were expected"));
  EXPECT_THAT(
      error_of(dense, {{"l", {{"kernel:0", {2, 3}, std::vector<float>(6, 1)}, bias}}}),
      HasSubstr("layer 'l' (Dense): its weight 'kernel' has the shape [2, 3] in the file, [3, 2] was expected"));
  EXPECT_THAT(error_of(dense, {{"l", {{"kernel:0", {3, 2}, std::vector<float>(6, NAN)}, bias}}}),
              HasSubstr("its weight 'kernel' holds values that are not numbers (NaN)"));
}

TEST(ReadKeras, RejectsSettingsThatDoNotFit) {
  const auto error = [](const std::string& class_name, const std::string& settings,
                        const std::string& shape = "[null, 4, 4, 2]") {
    return error_of(sequential(layer(class_name, settings), shape), {{"l", {{"k", {1}, {0}}, {"b", {1}, {0}}}}});
  };
  EXPECT_THAT(error("Dense", "", "[null, 3]"), HasSubstr("setting 'units' is missing"));
  EXPECT_THAT(error("Dense", R"("units": -1)", "[null, 3]"), HasSubstr("it has -1 units"));
  EXPECT_THAT(error("Conv2D", R"("filters": 3, "kernel_size": [3, 0], "strides": [1, 1])"),
              HasSubstr("the window extent 0 is not positive"));
  EXPECT_THAT(error("Conv2D", R"("filters": 3, "kernel_size": [3, 3], "strides": [0, 1])"),
              HasSubstr("the stride 0 is not positive"));
  EXPECT_THAT(error("Conv2D", R"("filters": 3, "kernel_size": [3, 3], "groups": 2)"),
              HasSubstr("cannot be parted into 2 groups"));
  EXPECT_THAT(error("Conv2D", R"("filters": 3, "kernel_size": [3, 3], "padding": "reflect")"),
              HasSubstr("the padding 'reflect' is unknown"));
  EXPECT_THAT(error("Conv2D", R"("filters": 3, "kernel_size": [3, 3])", "[null, 4]"),
              HasSubstr("its input has the shape [?, 4], 4 to 4 dimensions were expected"));
  EXPECT_THAT(error("Reshape", R"("target_shape": [3, -1])"), HasSubstr("its target shape does not hold 32 elements"));
  EXPECT_THAT(error("Cropping2D", R"("cropping": [[2, 2], [0, 0]])"), HasSubstr("nothing is left"));
  EXPECT_THAT(error("ZeroPadding2D", R"("padding": [[1], [2]])"),
              HasSubstr("numbers or pairs for 2 dimensions were expected"));
  EXPECT_THAT(error("Softmax", R"("axis": 7)"), HasSubstr("axis 7 does not exist in an input of 4 dimensions"));
  EXPECT_THAT(error("UpSampling2D", R"("size": [2000000000, 2])"), HasSubstr("is too large"));
  EXPECT_THAT(error("ReLU", "", "[null, 2000000000, 2000000000]"), HasSubstr("is too large"));
  EXPECT_THAT(error("Add", ""), HasSubstr("it is applied to 1 inputs, at least 2 were expected"));
}

TEST(ReadKeras, RejectsCircles) {
  EXPECT_THAT(error_of(R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "name": "i", "config": {"batch_input_shape": [null, 2]}, "inbound_nodes": []},
    {"class_name": "Add", "name": "a", "config": {}, "inbound_nodes": [[["i", 0, 0, {}], ["b", 0, 0, {}]]]},
    {"class_name": "ReLU", "name": "b", "config": {}, "inbound_nodes": [[["a", 0, 0, {}]]]}],
    "input_layers": [["i", 0, 0]], "output_layers": [["b", 0, 0]]}})"),
              HasSubstr("the layers are connected in a circle through 'a'"));
}

TEST(ReadKeras, RejectsMasksThatWouldBeLost) {
  EXPECT_THAT(error_of(sequential(layer("Embedding", R"("input_dim": 4, "output_dim": 2, "mask_zero": true)") + "," +
                                  layer("GlobalAveragePooling1D", "", "mean")),
                       {{"l", {{"embeddings:0", {4, 2}, std::vector<float>(8, 1)}}}}),
              HasSubstr("layer 'mean' (GlobalAveragePooling1D): it would have to leave out masked positions"));
}

// Models that apply each other twice grow by the power of their depth.
TEST(ReadKeras, RejectsExplosions) {
  std::string model = layer("ReLU", "", "r");
  for (int depth = 0; depth < 30; ++depth) {
    const std::string name = "m" + std::to_string(depth);
    model = R"({"class_name": "Functional", "name": ")" + name + R"(", "inbound_nodes": [[["i", 0, 0, {}]], [[")" +
            name + R"(", 1, 0, {}]]], "config": {"name": ")" + name + R"(", "layers": [
      {"class_name": "InputLayer", "name": "i", "config": {"batch_input_shape": [null, 2]}, "inbound_nodes": []}, )" +
            (depth == 0 ? R"({"class_name": "ReLU", "name": "r", "config": {}, "inbound_nodes": [[["i", 0, 0, {}]]]})"
                        : model) +
            R"(], "input_layers": [["i", 0, 0]], "output_layers": [[")" +
            (depth == 0 ? "r\", 0" : "m" + std::to_string(depth - 1) + "\", 2") + ", 0]]}}";
  }
  EXPECT_THAT(error_of(model), HasSubstr("applies more than 100000 layers"));
}

TEST(ReadKeras, RejectsFilesWithoutModel) {
  const TemporaryFile file(".h5");
  { Hdf5Writer(file.path()).floats("weights", {1}, {1}); }
  EXPECT_THAT(read_keras(file.path()).error().to_string(), HasSubstr("no model configuration, only weights perhaps"));
  EXPECT_THAT(error_of("not json"), HasSubstr("not well-formed JSON"));
  EXPECT_THAT(error_of(sequential(layer("ReLU")), {}, "1.2.2"), HasSubstr("saved by Keras '1.2.2'"));
  write_bytes(file.path(), "something else");
  EXPECT_THAT(read_keras(file.path()).error().to_string(), HasSubstr("not an HDF5 file"));
}

TEST(ReadKeras, RejectsBrokenArchives) {
  const TemporaryFile file(".keras"), weights(".h5");
  { Hdf5Writer(weights.path()).group("layers"); }
  const std::string config = sequential(layer("ReLU")), metadata = R"({"keras_version": "3.1.0"})",
                    h5 = bytes_of(weights.path());
  const auto error = [&](const std::map<std::string, std::string>& entries) {
    write_zip(file.path(), entries);
    const auto model = read_keras(file.path());
    return model ? "no error" : model.error().to_string();
  };
  EXPECT_EQ(error({{"config.json", config}, {"metadata.json", metadata}, {"model.weights.h5", h5}}), "no error");
  EXPECT_THAT(error({{"metadata.json", metadata}, {"model.weights.h5", h5}}),
              HasSubstr("the archive has no 'config.json'"));
  EXPECT_THAT(error({{"config.json", "{"}, {"metadata.json", metadata}, {"model.weights.h5", h5}}),
              HasSubstr("config.json: the configuration is not well-formed JSON"));
  EXPECT_THAT(error({{"config.json", config}, {"metadata.json", "{}"}, {"model.weights.h5", h5}}),
              HasSubstr("setting 'keras_version' is missing"));
  EXPECT_THAT(error({{"config.json", config}, {"metadata.json", metadata}}),
              HasSubstr("the archive has no 'model.weights.h5'"));
  EXPECT_THAT(error({{"config.json", config}, {"metadata.json", metadata}, {"model.weights.h5", "no"}}),
              HasSubstr("model.weights.h5: this is not an HDF5 file"));
  EXPECT_THAT(error({{"config.json", sequential(layer("Dense", R"("units": 2)"))},
                     {"metadata.json", metadata},
                     {"model.weights.h5", h5}}),
              HasSubstr("layer 'l' (Dense): the file lacks its weight 'kernel'"));
}

TEST(ReadKeras, RejectsEveryTruncation) {
  const TemporaryFile file(".h5"), cut("_cut.h5");
  write_h5(file.path(), sequential(layer("Dense", R"("units": 2)")),
           {{"l", {{"kernel:0", {3, 2}, std::vector<float>(6, 1)}, {"bias:0", {2}, {0, 0}}}}});
  const std::string whole = bytes_of(file.path());
  for (size_t size = 0; size < whole.size(); size += 331) {
    write_bytes(cut.path(), whole.substr(0, size));
    EXPECT_FALSE(read_keras(cut.path())) << size;
  }
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
