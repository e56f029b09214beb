#include "formats/keras/writer.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "formats/formats.h"
#include "formats/keras/reader.h"
#include "formats/keras/hdf5_image.h"
#include "formats/keras/test_files.h"
#include "formats/keras/weight_index.h"
#include "ir/diff.h"
#include "testing/assets.h"

namespace pare {
namespace {

using keras::testing::layer;
using keras::testing::sequential;
using keras::testing::TemporaryFile;
using keras::testing::Weight;
using keras::testing::write_bytes;
using keras::testing::write_h5;
using keras::testing::write_zip;
using ::testing::HasSubstr;

// Adds 1 to every weight, so that one that is left out shows.
void raise_weights(Model& model) {
  for (const KerasWeight& weight : model.keras->weights) {
    if (weight.value.empty()) continue;
    Value* value = model.main().find_value(weight.value);
    ASSERT_NE(value, nullptr) << weight.value;
    for (float& element : value->data->mutable_values<float>()) element += 1;
  }
}

std::string error_of(const Model& model, KerasFile kind = KerasFile::H5) {
  const auto bytes = write_keras(model, kind);
  return bytes ? "no error" : bytes.error().to_string();
}

// Writes with other weights and reads that: the same graph, byte for byte the same file twice.
void expect_round_trip(Model model, const std::string& ending) {
  raise_weights(model);
  const TemporaryFile first("_first" + ending), second("_second" + ending);
  const auto written = write_model(model, first.path());
  ASSERT_TRUE(written) << written.error().to_string();
  ASSERT_TRUE(write_model(model, second.path()));
  EXPECT_EQ(keras::testing::bytes_of(first.path()), keras::testing::bytes_of(second.path()));
  const auto again = read_model(first.path());
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(diff(model.main(), again->main()), "");
  EXPECT_EQ(again->keras->config, model.keras->config);
  EXPECT_EQ(again->keras->version, model.keras->version);
  ASSERT_EQ(again->keras->weights.size(), model.keras->weights.size());
  for (size_t i = 0; i < model.keras->weights.size(); ++i) {
    const KerasWeight &one = model.keras->weights[i], &other = again->keras->weights[i];
    EXPECT_EQ(one.layer + one.name + one.value, other.layer + other.name + other.value);
    EXPECT_EQ(one.layout, other.layout);
    EXPECT_EQ(one.data, other.data);
  }
}

Weight random_weight(const std::string& name, const std::vector<hsize_t>& dims) {
  static Random random(3);
  hsize_t count = 1;
  for (const hsize_t extent : dims) count *= extent;
  std::vector<float> values(count);
  for (float& value : values) value = random.uniform(0.5f, 1);
  if (dims.empty()) values = {7};  // the count of a Normalization layer
  return {name, dims, values};
}

struct LayerCase {
  const char *class_name, *settings, *shape;
  std::vector<std::vector<hsize_t>> weights;
};

TEST(WriteKeras, EveryLayerWithWeightsGoesBack) {
  const LayerCase cases[] = {
      {"Dense", R"("units": 2)", "[null, 3]", {{3, 2}, {2}}},
      {"Embedding", R"("input_dim": 4, "output_dim": 2)", "[null, 3]", {{4, 2}}},
      {"Conv1D", R"("filters": 2, "kernel_size": 3)", "[null, 5, 4]", {{3, 4, 2}, {2}}},
      {"Conv2D", R"("filters": 2, "kernel_size": [3, 2], "use_bias": false)", "[null, 5, 5, 4]", {{3, 2, 4, 2}}},
      {"Conv2D", R"("filters": 6, "kernel_size": 1, "groups": 2)", "[null, 5, 5, 4]", {{1, 1, 2, 6}, {6}}},
      {"DepthwiseConv1D", R"("kernel_size": 3, "depth_multiplier": 2, "strides": 1)", "[null, 5, 4]", {{3, 4, 2}, {8}}},
      {"DepthwiseConv2D", R"("kernel_size": [3, 2], "depth_multiplier": 2)", "[null, 5, 5, 3]", {{3, 2, 3, 2}, {6}}},
      {"SeparableConv1D", R"("filters": 5, "kernel_size": 3)", "[null, 5, 4]", {{3, 4, 1}, {1, 4, 5}, {5}}},
      {"SeparableConv2D",
       R"("filters": 5, "kernel_size": [3, 2])",
       "[null, 5, 5, 4]",
       {{3, 2, 4, 1}, {1, 1, 4, 5}, {5}}},
      {"Conv1DTranspose", R"("filters": 2, "kernel_size": 3, "strides": 2)", "[null, 5, 4]", {{3, 2, 4}, {2}}},
      {"Conv2DTranspose",
       R"("filters": 2, "kernel_size": [3, 2], "strides": 2)",
       "[null, 5, 5, 4]",
       {{3, 2, 2, 4}, {2}}},
      {"BatchNormalization", R"("axis": -1)", "[null, 5, 4]", {{4}, {4}, {4}, {4}}},
      {"BatchNormalization", R"("axis": [2], "scale": false, "center": false)", "[null, 5, 4]", {{4}, {4}}},
      {"LayerNormalization", R"("axis": [1, 2])", "[null, 5, 4]", {{5, 4}, {5, 4}}},
      {"GroupNormalization", R"("axis": -1, "groups": 2)", "[null, 5, 5, 4]", {{4}, {4}}},
      {"Normalization", R"("axis": [-1])", "[null, 5, 4]", {{4}, {4}, {}}},
      {"PReLU", R"("shared_axes": [1])", "[null, 5, 4]", {{1, 4}}},
  };
  for (const LayerCase& each : cases) {
    SCOPED_TRACE(each.class_name);
    std::vector<Weight> weights;
    std::map<std::string, std::string> entries{{"metadata.json", R"({"keras_version": "3.1.1"})"}};
    const TemporaryFile h5(".h5"), archive(".keras"), inner("_inner.h5");
    const std::string config = sequential(layer(each.class_name, each.settings), each.shape);
    {
      const keras::testing::Hdf5Writer file(inner.path());
      for (size_t i = 0; i < each.weights.size(); ++i) {
        weights.push_back(random_weight(fmt::format("w{}", i), each.weights[i]));
        file.floats(fmt::format("layers/{}/vars/{}", keras::snake_case(each.class_name), i), weights[i].dims,
                    weights[i].values);
      }
    }
    write_h5(h5.path(), config, {{"l", weights}});
    write_zip(archive.path(), {{"metadata.json", R"({"keras_version": "3.1.1"})"},
                               {"config.json", config},
                               {"model.weights.h5", keras::testing::bytes_of(inner.path())}});
    const auto from_h5 = read_model(h5.path()), from_archive = read_model(archive.path());
    ASSERT_TRUE(from_h5) << from_h5.error().to_string();
    ASSERT_TRUE(from_archive) << from_archive.error().to_string();
    EXPECT_EQ(from_h5->keras->weights.size(), each.weights.size());
    expect_round_trip(from_h5->clone(), ".h5");
    expect_round_trip(from_archive->clone(), ".keras");
    expect_round_trip(from_archive->clone(), ".h5");
  }
}

// Shared and nested, trained and frozen layers, and one whose result nobody uses.
constexpr const char* kNested = R"({"class_name": "Functional", "config": {"name": "m", "layers": [
  {"class_name": "InputLayer", "name": "a", "config": {"batch_input_shape": [null, 2]}, "inbound_nodes": []},
  {"class_name": "InputLayer", "name": "b", "config": {"batch_input_shape": [null, 2]}, "inbound_nodes": []},
  {"class_name": "Dense", "name": "shared", "config": {"units": 2, "use_bias": false}, "inbound_nodes": [[["a", 0, 0, {}]], [["b", 0, 0, {}]]]},
  {"class_name": "Dense", "name": "unused", "config": {"units": 3, "use_bias": false}, "inbound_nodes": [[["a", 0, 0, {}]]]},
  {"class_name": "Sequential", "name": "inner/block", "inbound_nodes": [[["shared", 1, 0, {}]]], "config": {"name": "inner/block", "layers": [
    {"class_name": "InputLayer", "config": {"name": "i", "batch_input_shape": [null, 2]}},
    {"class_name": "Dense", "config": {"name": "frozen", "units": 2, "trainable": false}},
    {"class_name": "BatchNormalization", "config": {"name": "norm", "axis": [1]}}]}}],
  "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["shared", 0, 0], ["inner/block", 1, 0]]}})";

Model nested_model() {
  const TemporaryFile file("_nested.h5");
  write_h5(file.path(), kNested,
           {{"shared", {random_weight("kernel:0", {2, 2})}},
            {"unused", {random_weight("kernel:0", {2, 3})}},
            {"inner/block",
             {random_weight("gamma", {2}), random_weight("beta", {2}), random_weight("kernel", {2, 2}),
              random_weight("bias", {2}), random_weight("mean", {2}), random_weight("variance", {2})}}});
  auto model = read_keras(file.path());
  EXPECT_TRUE(model) << (model ? "" : model.error().to_string());
  return std::move(*model);
}

TEST(WriteKeras, SharedNestedAndUnusedLayersGoBack) {
  const Model model = nested_model();
  EXPECT_EQ(model.keras->weights.size(), 8u);
  const auto unused = std::ranges::find(model.keras->weights, "unused", &KerasWeight::layer);
  ASSERT_NE(unused, model.keras->weights.end());
  EXPECT_EQ(unused->value, "") << "nothing reads it, so it is no constant of the graph";
  EXPECT_EQ(unused->data.shape(), (Shape{2, 3}));
  expect_round_trip(model.clone(), ".h5");
}

TEST(WriteKeras, KeepsTheArgumentsOfCompileButNoOptimiserState) {
  const TemporaryFile file(".h5"), out("_out.h5");
  write_h5(file.path(), sequential(layer("Dense", R"("units": 1, "use_bias": false)")),
           {{"l", {random_weight("kernel:0", {3, 1})}}});
  const hid_t id = H5Fopen(file.path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  H5Tset_size(type, 15);
  const hid_t attribute = H5Acreate2(id, "training_config", type, space, H5P_DEFAULT, H5P_DEFAULT);
  H5Awrite(attribute, type, R"({"loss": "mse"})");
  H5Aclose(attribute), H5Sclose(space), H5Tclose(type), H5Fclose(id);
  const auto model = read_keras(file.path());
  ASSERT_TRUE(model);
  ASSERT_TRUE(write_model(*model, out.path()));
  const auto written = Hdf5File::open(out.path());
  ASSERT_TRUE(written);
  EXPECT_EQ(written->text("", "training_config")->value(), R"({"loss": "mse"})");
  EXPECT_FALSE(written->has("optimizer_weights"));
}

// More names than an attribute of HDF5 holds, and a configuration beyond it.
TEST(WriteKeras, ManyLayersWithLongNames) {
  std::string layers;
  for (int i = 0; i < 700; ++i)
    layers += (i == 0 ? "" : ",") + layer("ReLU", "", fmt::format("{}_{}", std::string(120, 'n'), i));
  const TemporaryFile file(".h5");
  write_bytes(file.path(), "");
  std::filesystem::remove(file.path());
  {
    Hdf5Image image;
    image.text("", "model_config", sequential(layers));
    const auto bytes = image.bytes();
    ASSERT_TRUE(bytes);
    ASSERT_TRUE(write_file(file.path(), *bytes));
  }
  const auto model = read_keras(file.path());
  ASSERT_TRUE(model) << model.error().to_string();
  const auto written = write_keras(*model, KerasFile::H5);
  ASSERT_TRUE(written) << written.error().to_string();
  const auto names = Hdf5File::from_bytes(*written)->texts("model_weights", "layer_names");
  ASSERT_TRUE(names && names->has_value());
  EXPECT_EQ((*names)->size(), 700u);
}

TEST(WriteKeras, RefusesAGraphThatIsNoLongerTheOneThatWasRead) {
  Model lost = nested_model();
  lost.main().rename(lost.main().find_value("inner/block/norm/gamma"), "other");
  EXPECT_THAT(error_of(lost), HasSubstr("the graph has no constant 'inner/block/norm/gamma' any more, which holds the "
                                        "weight 'gamma' of layer 'inner/block/norm'; a Keras file takes the network"));
  Model quantized = nested_model();
  Value* bias = quantized.main().find_value("inner/block/frozen/bias");
  bias->data = Tensor(DType::Int8, bias->type.shape);
  bias->type.dtype = DType::Int8;
  EXPECT_THAT(error_of(quantized), HasSubstr("the constant 'inner/block/frozen/bias' is i8[2], weight 'bias' of layer "
                                             "'inner/block/frozen' needs f32[2]"));
  Model rebuilt = nested_model();
  const Node* last = rebuilt.main().nodes().back().get();
  ASSERT_TRUE(rebuilt.main().append(*find_op("relu"), find_op("relu")->attributes, {last->result()}, {"more"}));
  EXPECT_THAT(error_of(rebuilt), HasSubstr("the graph is not the one that was read from the Keras file (first "
                                           "difference: +   %more = relu"));
  Model diverged = nested_model();
  diverged.main().find_value("shared/kernel")->data->mutable_values<float>()[0] = NAN;
  EXPECT_THAT(error_of(diverged), HasSubstr("holds values that are not numbers"));
}

TEST(WriteKeras, RefusesOtherOriginsAndKinds) {
  Model model = nested_model();
  EXPECT_THAT(error_of(model, KerasFile::Archive), HasSubstr("the model came from an .h5 file"));
  model.keras = nullptr;
  EXPECT_THAT(error_of(model), HasSubstr("the model did not come from a Keras file"));
}

TEST(WriteKeras, AssetsGoBack) {
  PARE_REQUIRE_ASSET("models");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(testing::assets() / "models")) {
    const std::string ending = entry.path().extension().string();
    if (ending != ".h5" && ending != ".keras") continue;
    SCOPED_TRACE(entry.path().string());
    const auto model = read_keras(entry.path());
    ASSERT_TRUE(model) << model.error().to_string();
    expect_round_trip(model->clone(), ending);
  }
}

}  // namespace
}  // namespace pare
