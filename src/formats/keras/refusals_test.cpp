// What the Keras reader refuses, and with which words.
#include <gmock/gmock.h>

#include <cmath>

#include "formats/keras/reader.h"
#include "formats/keras/test_files.h"

namespace pare {
namespace {

using keras::testing::bytes_of;
using keras::testing::Hdf5Writer;
using keras::testing::layer;
using keras::testing::sequential;
using keras::testing::TemporaryFile;
using keras::testing::Weight;
using keras::testing::write_bytes;
using keras::testing::write_h5;
using keras::testing::write_zip;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string error_of(const std::string& config, const std::map<std::string, std::vector<Weight>>& weights = {},
                     const std::string& version = "2.15.0") {
  const TemporaryFile file("_bad.h5");
  write_h5(file.path(), config, weights, version);
  const auto model = read_keras(file.path());
  return model ? "no error" : std::string(to_string(model.error().code)) + ": " + model.error().to_string();
}
std::string unsupported_text() { return to_string(ErrorCode::Unsupported); }

TEST(KerasRefusals, RejectsUnsupportedLayersByName) {
  const auto refuses = [](const std::string& class_name, const std::string& remedy) {
    EXPECT_THAT(
        error_of(sequential(layer(class_name, "", "culprit"))),
        AllOf(HasSubstr(unsupported_text()), HasSubstr("layer 'culprit' (" + class_name + ")"), HasSubstr(remedy)));
  };
  refuses("LSTM", "recurrent layers are not supported");
  refuses("MultiHeadAttention", "attention layers are not supported");
  refuses("Lambda", "holds Python code");
  refuses("MyLayer", "only layers of Keras itself are supported");
  refuses("PruneLowMagnitude", "tfmot.sparsity.keras.strip_pruning");
  refuses("ClusterWeights", "tfmot.clustering.keras.strip_clustering");
  refuses("QuantizeWrapperV2", "convert it to TFLite");
}

TEST(KerasRefusals, RejectsWeightsThatDoNotFit) {
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

// A layer over an input of this shape, with as many weights as the file must have for it to be looked at.
struct LayerCase {
  const char* class_name;
  const char* settings;
  const char* message;
  const char* shape = "[null, 4, 4, 2]";
  int weights = 0;
};

std::string error_of(const LayerCase& each) {
  std::vector<Weight> weights;
  for (int i = 0; i < each.weights; ++i) weights.push_back({fmt::format("w{}", i), {1}, {0}});
  return error_of(sequential(layer(each.class_name, each.settings), each.shape), {{"l", weights}});
}

TEST(KerasRefusals, RejectsUnsupportedOptions) {
  const LayerCase cases[] = {
      {"MaxPooling2D", R"("pool_size": 2, "data_format": "channels_first")",
       "layer 'l' (MaxPooling2D): data_format 'channels_first' is not supported"},
      {"Activation", R"("activation": "my_function")", "its activation 'my_function' is not supported"},
      {"Activation", R"("activation": {"class_name": "Mine", "config": 3})",
       R"(its activation {"class_name":"Mine","config":3} is not supported)"},
      {"UpSampling2D", R"("size": [2, 2], "interpolation": "bicubic")", "interpolation 'bicubic' is not supported"},
      {"Resizing", R"("height": 2, "width": 2, "crop_to_aspect_ratio": true)",
       "crop_to_aspect_ratio is not supported; resize without it"},
      {"TFOpLambda", R"("function": "strings.lower")", "the TensorFlow function 'strings.lower' is not supported"},
      {"Flatten", "", "only the batch may be unknown", "[null, null, 4]"},
      {"Conv2DTranspose", R"("filters": 1, "kernel_size": 2, "strides": 1, "dilation_rate": 2)",
       "a dilated transposed convolution is not supported; use an up-sampling", "[null, 4, 4, 2]", 2},
      {"BatchNormalization", R"("axis": 1)",
       "normalising along axis 1 of 4 dimensions is not supported, only along the last; move the channels there",
       "[null, 4, 4, 2]", 4},
      {"BatchNormalization", R"("axis": [3], "renorm": true)", "batch renormalisation is not supported",
       "[null, 4, 4, 2]", 4},
      {"LayerNormalization", R"("axis": [1])",
       "it normalises over axis 1 of 4 dimensions; only the last dimensions, one after the other", "[null, 4, 4, 2]",
       2},
      {"LayerNormalization", R"("axis": [3], "rms_scaling": true)", "rms_scaling is not supported", "[null, 4, 4, 2]",
       2},
  };
  for (const LayerCase& each : cases)
    EXPECT_THAT(error_of(each), AllOf(HasSubstr(unsupported_text()), HasSubstr(each.message))) << each.class_name;
  EXPECT_THAT(error_of(sequential(layer("ReLU"), R"([null, 3], "dtype": "string")")),
              HasSubstr("layer 'x' (InputLayer): inputs of type 'string' are not supported"));
  EXPECT_THAT(error_of(sequential(layer("ReLU"), "[]")), HasSubstr("an input without a batch is not supported"));
}

TEST(KerasRefusals, RejectsSettingsThatDoNotFit) {
  const LayerCase cases[] = {
      {"Dense", "", "setting 'units' is missing", "[null, 3]", 2},
      {"Dense", R"("units": -1)", "it has -1 units, at least 1 was expected", "[null, 3]", 2},
      {"Embedding", R"("input_dim": 0, "output_dim": 4)", "its table is 0 x 4", "[null, 3]", 1},
      {"Conv2D", R"("filters": 3, "kernel_size": [3, 0], "strides": [1, 1])", "the window extent 0 is not positive",
       "[null, 4, 4, 2]", 2},
      {"Conv2D", R"("filters": 3, "kernel_size": [3, 3], "strides": [0, 1])", "the stride 0 is not positive",
       "[null, 4, 4, 2]", 2},
      {"Conv2D", R"("filters": 3, "kernel_size": [3, 3], "dilation_rate": [0, 1])",
       "the dilation 0 x 1 is not positive", "[null, 4, 4, 2]", 2},
      {"Conv2D", R"("filters": 3, "kernel_size": [3, 3], "groups": 2)",
       "2 input channels and 3 filters cannot be parted into 2 groups", "[null, 4, 4, 2]", 2},
      {"Conv2D", R"("filters": 3, "kernel_size": [3, 3], "padding": "reflect")", "the padding 'reflect' is unknown",
       "[null, 4, 4, 2]", 2},
      {"Conv2D", R"("filters": 3, "kernel_size": [3, 3])",
       "its input has the shape [?, 4], 4 to 4 dimensions were expected", "[null, 4]", 2},
      {"DepthwiseConv2D", R"("kernel_size": [3, 3], "depth_multiplier": 0)", "the depth_multiplier 0 is not positive",
       "[null, 4, 4, 2]", 2},
      {"Reshape", R"("target_shape": [3, -1])", "its target shape does not hold 32 elements"},
      {"Reshape", R"("target_shape": [-1, -1])", "its target shape leaves more than one extent open"},
      {"RepeatVector", R"("n": 0)", "n is 0, at least 1 was expected", "[null, 3]"},
      {"Cropping2D", R"("cropping": [[2, 2], [0, 0]])", "it crops 2 and 2 of 4 elements; nothing is left"},
      {"ZeroPadding2D", R"("padding": [[1], [2]])", "numbers or pairs for 2 dimensions were expected"},
      {"Resizing", R"("height": 0, "width": 2)", "the size 0 x 2 is not positive"},
      {"UpSampling2D", R"("size": [2000000000, 2])", "is too large"},
      {"ReLU", "", "is too large", "[null, 2000000000, 2000000000]"},
      {"Activation", R"("activation": 5)", "setting 'activation' is 5, a name was expected"},
      {"Softmax", R"("axis": 7)", "axis 7 does not exist in an input of 4 dimensions"},
      {"PReLU", R"("shared_axes": [7])", "shared axis 7 does not exist in an input of 4 dimensions", "[null, 4, 4, 2]",
       1},
      {"BatchNormalization", R"("axis": [9])", "axis 9 does not exist in an input of 4 dimensions", "[null, 4, 4, 2]",
       4},
      {"BatchNormalization", R"("axis": [3], "epsilon": -1)", "epsilon -1 is negative", "[null, 4, 4, 2]", 4},
      {"LayerNormalization", R"("axis": [])", "it normalises over no axis", "[null, 4, 4, 2]", 2},
      {"GroupNormalization", R"("axis": -1, "groups": 3)", "2 channels cannot be parted into 3 groups",
       "[null, 4, 4, 2]", 2},
      {"Normalization", R"("axis": [0], "mean": 0, "variance": 1)",
       "it normalises along the batch, whose size is not known"},
      {"Normalization", R"("axis": [-1], "mean": "zero", "variance": 1)",
       "a statistic is \"zero\", numbers were expected"},
      {"Normalization", R"("axis": [-1], "mean": [1, 2, 3], "variance": 1)",
       "setting 'mean' has 3 numbers, 2 were expected"},
      {"Rescaling", R"("scale": [1, 2, 3])", "setting 'scale' has 3 numbers, 1 or 2 were expected"},
      {"Add", "", "it is applied to 1 inputs, at least 2 were expected"},
      {"Dot", R"("axes": [1, 1])", "it is applied to 1 inputs, 2 were expected"},
  };
  for (const LayerCase& each : cases) EXPECT_THAT(error_of(each), HasSubstr(each.message)) << each.class_name;
}

TEST(KerasRefusals, RejectsTransposedConvolutionsWithoutResult) {
  const std::string settings =
      R"("filters": 1, "kernel_size": [3], "strides": [1], "padding": "same", "output_padding": [-5], "use_bias": false)";
  EXPECT_THAT(error_of(sequential(layer("Conv1DTranspose", settings), "[null, 1, 1]"),
                       {{"l", {{"kernel:0", {3, 1, 1}, {1, 2, 3}}}}}),
              HasSubstr("its result would be 1 x -4"));
}

// A functional model whose layer "l" is called like this.
std::string called(const std::string& class_name, const std::string& settings, const std::string& arguments,
                   const std::string& outputs = R"(["l", 0, 0])", const std::string& inputs = R"(["i", 0, 0])") {
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "name": "i", "config": {"batch_input_shape": [null, 3]}, "inbound_nodes": []},
    {"class_name": "InputLayer", "name": "j", "config": {"batch_input_shape": [null, 3]}, "inbound_nodes": []},
    {"class_name": ")" +
         class_name + R"(", "name": "l", "config": {)" + settings + R"(}, "inbound_nodes": [[)" + arguments +
         R"(]]}], "input_layers": [)" + inputs + R"(], "output_layers": [)" + outputs + "]}}";
}

TEST(KerasRefusals, RejectsCallsThatDoNotFit) {
  const std::string twice = R"(["i", 0, 0, {}], ["i", 0, 0, {}])", both = R"(["i", 0, 0], ["j", 0, 0])";
  EXPECT_THAT(error_of(called("Dot", R"("axes": [1, 7])", twice, R"(["l", 0, 0])", both)),
              HasSubstr("axis 7 of an input of 2 dimensions cannot be multiplied along"));
  EXPECT_THAT(error_of(called("ReLU", "", twice, R"(["l", 0, 0])", both)),
              HasSubstr("it is applied to 2 inputs, one was expected"));
  EXPECT_THAT(error_of(called("ReLU", "", R"(["i", 0, 0, {}])", R"(["l", 0, 1])", both)),
              HasSubstr("output 1 of layer 'l' is used, which has 1"));
  EXPECT_THAT(error_of(called("Add", "", R"(["i", 0, 0, {}], ["j", 0, 0, {}])")),
              HasSubstr("layer 'j' (InputLayer): it is not among the inputs that the model lists"));
  EXPECT_THAT(error_of(called("ReLU", "", "[]", R"(["l", 0, 0])", both)), HasSubstr("it is applied to nothing"));
}

TEST(KerasRefusals, RejectsCircles) {
  EXPECT_THAT(error_of(R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "name": "i", "config": {"batch_input_shape": [null, 2]}, "inbound_nodes": []},
    {"class_name": "Add", "name": "a", "config": {}, "inbound_nodes": [[["i", 0, 0, {}], ["b", 0, 0, {}]]]},
    {"class_name": "ReLU", "name": "b", "config": {}, "inbound_nodes": [[["a", 0, 0, {}]]]}],
    "input_layers": [["i", 0, 0]], "output_layers": [["b", 0, 0]]}})"),
              HasSubstr("the layers are connected in a circle through 'a'"));
}

TEST(KerasRefusals, RejectsMasksThatWouldBeLost) {
  EXPECT_THAT(error_of(sequential(layer("Embedding", R"("input_dim": 4, "output_dim": 2, "mask_zero": true)") + "," +
                                  layer("GlobalAveragePooling1D", "", "mean")),
                       {{"l", {{"embeddings:0", {4, 2}, std::vector<float>(8, 1)}}}}),
              HasSubstr("layer 'mean' (GlobalAveragePooling1D): it would have to leave out masked positions"));
}

// Models that apply each other twice grow by the power of their depth.
TEST(KerasRefusals, RejectsExplosions) {
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

TEST(KerasRefusals, RejectsFilesWithoutModel) {
  const TemporaryFile file(".h5");
  { Hdf5Writer(file.path()).floats("weights", {1}, {1}); }
  EXPECT_THAT(read_keras(file.path()).error().to_string(), HasSubstr("no model configuration, only weights perhaps"));
  EXPECT_THAT(error_of("not json"), HasSubstr("not well-formed JSON"));
  EXPECT_THAT(error_of(sequential(layer("ReLU")), {}, "1.2.2"), HasSubstr("saved by Keras '1.2.2'"));
  write_bytes(file.path(), "something else");
  EXPECT_THAT(read_keras(file.path()).error().to_string(), HasSubstr("not an HDF5 file"));
}

TEST(KerasRefusals, RejectsBrokenArchives) {
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

TEST(KerasRefusals, RejectsEveryTruncation) {
  const TemporaryFile file(".h5"), cut("_cut.h5");
  write_h5(file.path(), sequential(layer("Dense", R"("units": 2)")),
           {{"l", {{"kernel:0", {3, 2}, std::vector<float>(6, 1)}, {"bias:0", {2}, {0, 0}}}}});
  const std::string whole = bytes_of(file.path());
  for (size_t size = 0; size < whole.size(); size += 331) {
    write_bytes(cut.path(), whole.substr(0, size));
    EXPECT_FALSE(read_keras(cut.path())) << size;
  }
}

}  // namespace
}  // namespace pare
