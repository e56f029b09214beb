#include "formats/keras/network.h"

#include <gmock/gmock.h>

namespace pare::keras {
namespace {

using ::testing::HasSubstr;

Expected<Network> parse(const std::string& text) {
  PARE_ASSIGN(const Json json, parse_json(text));
  return parse_network(json);
}

std::string error_of(const std::string& text) {
  const auto network = parse(text);
  return network ? "no error" : network.error().to_string();
}

const OutputRef& reference(const Network& network, size_t layer, size_t call = 0, size_t argument = 0) {
  return std::get<OutputRef>(network.layers.at(layer).calls.at(call).arguments.at(argument));
}

// A functional model of Keras 2; `inner` stands for further layers.
std::string functional(const std::string& layers, const std::string& outputs = R"(["d", 0, 0])") {
  return R"({"class_name": "Functional", "config": {"name": "m", "layers": [
    {"class_name": "InputLayer", "name": "i", "config": {"batch_input_shape": [null, 4]}, "inbound_nodes": []}, )" +
         layers + R"(], "input_layers": [["i", 0, 0]], "output_layers": [)" + outputs + "]}}";
}
std::string dense(const std::string& name, const std::string& nodes) {
  return R"({"class_name": "Dense", "name": ")" + name + R"(", "config": {"units": 2}, "inbound_nodes": )" + nodes +
         "}";
}

TEST(Network, SequentialIsAChain) {
  const auto network = parse(R"({"class_name": "Sequential", "config": {"name": "s", "layers": [
    {"class_name": "Dense", "config": {"name": "a", "batch_input_shape": [null, 3]}},
    {"class_name": "ReLU", "config": {"name": "b"}}]}})");
  ASSERT_TRUE(network) << network.error().to_string();
  ASSERT_EQ(network->layers.size(), 3);
  EXPECT_EQ(network->layers[0].name, "a_input");
  EXPECT_EQ(input_spec(network->layers[0])->shape, (Shape{kDynamic, 3}));
  EXPECT_EQ(reference(*network, 1).layer, 0);
  EXPECT_EQ(reference(*network, 2).layer, 1);
  EXPECT_EQ(network->outputs[0].layer, 2);
}

TEST(Network, SequentialTakesTheShapeOfItsBuild) {
  const auto network =
      parse(R"({"class_name": "Sequential", "config": {"name": "s", "build_input_shape": [2, 5], "layers": [
    {"class_name": "Dense", "config": {"name": "a"}}]}})");
  ASSERT_TRUE(network);
  EXPECT_EQ(input_spec(network->layers[0])->shape, (Shape{2, 5}));
}

TEST(Network, CountsCallsOfSharedLayers) {
  const auto network = parse(functional(dense("d", R"([[["i", 0, 0, {}]], [["d", 0, 0, {}]]])"), R"(["d", 1, 0])"));
  ASSERT_TRUE(network) << network.error().to_string();
  EXPECT_EQ(network->layers[1].calls.size(), 2);
  EXPECT_EQ(reference(*network, 1, 1).call, 0);
  EXPECT_EQ(network->outputs[0].call, 1);
}

TEST(Network, ReadsNumbersBesideTensors) {
  const auto network =
      parse(functional(R"({"class_name": "TFOpLambda", "name": "d", "config": {"function": "math.multiply"},
    "inbound_nodes": [["i", 0, 0, {"y": 2.5, "name": null}]]})"));
  ASSERT_TRUE(network) << network.error().to_string();
  const auto& arguments = network->layers[1].calls[0].arguments;
  ASSERT_EQ(arguments.size(), 2);
  EXPECT_EQ(std::get<double>(arguments[1]), 2.5);
}

// Keras 3 numbers the calls of a nested model from 0, but from 1 where they are ends of the model.
TEST(Network, ReadsTheHistoryOfKeras3) {
  const std::string inner = R"({"class_name": "Functional", "name": "n", "config": {"name": "n", "layers": [
      {"class_name": "InputLayer", "name": "j", "config": {"batch_shape": [null, 4]}, "inbound_nodes": []}],
      "input_layers": ["j", 0, 0], "output_layers": ["j", 0, 0]},
      "inbound_nodes": [{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["i", 0, 0]}}], "kwargs": {"mask": null}},
                        {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["n", 0, 0]}}], "kwargs": {}}]})";
  const auto network = parse(functional(inner, R"(["n", 2, 0])"));
  ASSERT_TRUE(network) << network.error().to_string();
  EXPECT_EQ(reference(*network, 1, 1).call, 0);
  EXPECT_EQ(network->outputs[0].call, 1);
  ASSERT_NE(network->layers[1].network, nullptr);
  EXPECT_EQ(network->layers[1].network->inputs.size(), 1);
}

TEST(Network, RejectsDanglingReferences) {
  EXPECT_THAT(error_of(functional(dense("d", R"([[["none", 0, 0, {}]]])"))),
              HasSubstr("layer 'd': refers to layer 'none', which the model does not have"));
  EXPECT_THAT(error_of(functional(dense("d", R"([[["i", 3, 0, {}]]])"))),
              HasSubstr("refers to output 0 of call 3 of layer 'i', which has 1 calls"));
  EXPECT_THAT(error_of(functional(dense("d", R"([[["i", 0, 0, {}]]])"), R"(["x", 0, 0])")),
              HasSubstr("output_layers: refers to layer 'x'"));
  EXPECT_THAT(error_of(functional(dense("d", R"([["i"]])"))), HasSubstr("an inbound node holds \"i\""));
}

TEST(Network, RejectsTensorsPassedByKeyword) {
  const auto network = parse(functional(dense("d", R"([[["i", 0, 0, {"mask": ["i", 0, 0]}]]])")));
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(network.error().to_string(), HasSubstr("layer 'd' (Dense): it is called with a tensor for 'mask'"));
}

TEST(Network, RejectsSubclassedModels) {
  const auto network = parse(R"({"class_name": "MyModel", "config": {"width": 3}})");
  ASSERT_FALSE(network);
  EXPECT_EQ(network.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(network.error().message, HasSubstr("'MyModel' is a subclassed model"));
}

TEST(Network, RejectsBadDescriptions) {
  EXPECT_THAT(error_of("{"), HasSubstr("not well-formed JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("the configuration is [], an object was expected"));
  EXPECT_THAT(error_of("{}"), HasSubstr("setting 'class_name' is missing"));
  EXPECT_THAT(error_of(std::string(5000, '[') + std::string(5000, ']')), HasSubstr("nests more than 200 levels"));
  EXPECT_THAT(error_of(R"({"class_name": "Sequential", "config": {"layers": []}})"),
              HasSubstr("the model has no layers"));
  EXPECT_THAT(error_of(R"({"class_name": "Sequential", "config": {"layers": [7]}})"),
              HasSubstr("a layer is 7, an object was expected"));
  EXPECT_THAT(
      error_of(R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {}}]}})"),
      HasSubstr("a layer of class 'Dense' has no name"));
  EXPECT_THAT(error_of(functional(dense("i", "[]"))), HasSubstr("two layers are called 'i'"));
  EXPECT_THAT(
      error_of(
          R"({"class_name": "Functional", "config": {"layers": [{"class_name": "InputLayer", "name": "i", "config": {}}], "input_layers": [], "output_layers": []}})"),
      HasSubstr("'input_layers' is empty"));
  EXPECT_THAT(
      error_of(
          R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "ReLU", "config": {"name": "a"}}, {"class_name": "InputLayer", "config": {"name": "b"}}]}})"),
      HasSubstr("InputLayer 'b' is not the first"));
}

TEST(Network, RejectsTensorsWithoutHistory) {
  EXPECT_THAT(error_of(functional(
                  dense("d", R"([{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": 3}}]}])"))),
              HasSubstr(R"(layer 'd' (Dense): a tensor has the history 3, one such as ["layer", 0, 0] was expected)"));
  EXPECT_THAT(error_of(functional(dense("d", R"([[["i", 0, 0, {}]]])"), "5")),
              HasSubstr(R"(the model's ends are listed as 5, references such as ["layer", 0, 0] were expected)"));
}

TEST(Network, RejectsInputsWithoutShape) {
  const auto network = parse(
      R"({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"name": "a"}}]}})");
  ASSERT_TRUE(network);
  EXPECT_THAT(input_spec(network->layers[0]).error().message, HasSubstr("does not give the input shape"));
  Layer layer;
  layer.config = Json::parse(R"({"batch_shape": [null, 0]})");
  EXPECT_THAT(input_spec(layer).error().message, HasSubstr("a positive integer or null was expected"));
  layer.config = Json::parse(R"({"batch_shape": 3})");
  EXPECT_THAT(input_spec(layer).error().message, HasSubstr("the shape 3 is not a list"));
  layer.config = Json::parse(R"({"batch_shape": [null, 2], "sparse": true})");
  EXPECT_THAT(input_spec(layer).error().message, HasSubstr("sparse and ragged inputs"));
}

TEST(Settings, NamesWhatIsWrong) {
  const Json json = Json::parse(R"({"units": "three", "shape": [1, 2, 3], "bias": 2, "scale": 1})");
  const auto message = [&](auto&& read) {
    Settings settings(json);
    read(settings);
    return settings.status() ? "no error" : settings.status().error().message;
  };
  EXPECT_EQ(message([](Settings& s) { s.integer("units"); }), "setting 'units' is \"three\", an integer was expected");
  EXPECT_EQ(message([](Settings& s) { s.integer("none"); }), "setting 'none' is missing, an integer was expected");
  EXPECT_EQ(message([](Settings& s) { s.integers("shape", 2); }),
            "setting 'shape' is [1,2,3], 2 integers was expected");
  EXPECT_EQ(message([](Settings& s) { s.flag("bias", true); }), "setting 'bias' is 2, true or false was expected");
  EXPECT_EQ(message([](Settings& s) { s.text("shape"); }), "setting 'shape' is [1,2,3], a text was expected");
  EXPECT_EQ(message([](Settings& s) { s.number("none", 2.0); }), "no error");
  EXPECT_TRUE(Settings(json).flag("scale", false));
}

}  // namespace
}  // namespace pare::keras
