#include <gmock/gmock.h>

#include <cstring>

#include "base/files.h"
#include "formats/formats.h"
#include "formats/pare/reader.h"
#include "formats/pare/writer.h"
#include "ir/diff.h"
#include "ir/text.h"
#include "testing/assets.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

using ::testing::HasSubstr;

// Two graphs with everything that the text form knows, and all that lies beside graphs.
Model full_model() {
  Model model;
  model.graphs.push_back(std::move(*parse_graph(R"(graph "main" (%x: f32[?, 2]) {
    %w = constant i8[3, 2] quant(axis=0, [0.5, 0.25, 0.1], [0, 0, 0]) (1, 2, 3, 4, 5, 6)
    %"odd name" = constant f32[3] (0.1, 2, 3)
    %single = constant i8[1, 2] quant(axis=1, [0.5, 2], [0, 0]) (1, 2)
    %state = variable f32[3] (1, 2, 3)
    %y = fully_connected(%x, %w, %"odd name") {activation = relu} : f32[?, 3]
    %q = quantize(%y) : i8[?, 3] quant(0.5, 3)
    %z = mul(%y, %state)
    return %z, %q
  })")
                                        .or_else([](const Error& error) { ADD_FAILURE() << error.to_string(); })));
  model.graphs.push_back(std::move(*parse_graph("graph \"other\" (%a: i32[2]) { return %a }")));
  Graph& graph = model.main();
  graph.nodes()[0]->name = "dense";
  graph.inputs[0]->file_index = 7;
  graph.add_constant("late", Tensor::scalar(1.f));
  model.signatures.push_back({"serve", 0, {{"in", graph.inputs[0]}}, {{"out", graph.outputs[0]}}});
  model.signatures.push_back({"other", 1, {{"a", model.graphs[1].inputs[0]}}, {}});
  model.description = "a net";
  model.metadata["raw"] = {std::byte{0}, std::byte{255}};
  model.source_format = "tflite";
  model.source_path = "net.tflite";
  model.extras["masks/w"] = Tensor::of<float>({2}, {0, 1});
  model.extras["plan"] = std::string(R"({"mode": "int8"})");
  auto keras = std::make_shared<KerasOrigin>();
  *keras = {
      .config = "{}", .version = "3.1.1", .training = R"({"loss": "mse"})", .archive = true, .container = "layers"};
  keras->weights.push_back({"block/dense", "kernel", {{2, 3}, {1, 0}, {3, 2}}, "w", {}});
  keras->weights.push_back({"norm", "count", {{}, {}, {}}, "", Tensor::scalar(5.f)});
  model.keras = keras;
  return model;
}

void expect_same(const Model& one, const Model& other) {
  ASSERT_EQ(one.graphs.size(), other.graphs.size());
  for (size_t g = 0; g < one.graphs.size(); ++g) {
    EXPECT_EQ(diff(one.graphs[g], other.graphs[g]), "");
    ASSERT_EQ(one.graphs[g].values().size(), other.graphs[g].values().size());
    for (size_t v = 0; v < one.graphs[g].values().size(); ++v) {
      const auto &value = one.graphs[g].values()[v], &twin = other.graphs[g].values()[v];
      EXPECT_EQ(twin->name, value->name);
      EXPECT_EQ(twin->type, value->type) << value->name;
      EXPECT_EQ(twin->file_index, value->file_index);
      EXPECT_EQ(twin->is_variable, value->is_variable);
    }
    for (size_t n = 0; n < one.graphs[g].nodes().size(); ++n)
      EXPECT_EQ(one.graphs[g].nodes()[n]->name, other.graphs[g].nodes()[n]->name);
  }
  ASSERT_EQ(one.signatures.size(), other.signatures.size());
  const auto described = [](const Signature& signature) {
    std::string text = fmt::format("{} {}", signature.key, signature.graph);
    for (const auto* ports : {&signature.inputs, &signature.outputs})
      for (const auto& [name, value] : *ports) text += fmt::format(", {}: {}", name, value->name);
    return text;
  };
  for (size_t i = 0; i < one.signatures.size(); ++i)
    EXPECT_EQ(described(one.signatures[i]), described(other.signatures[i]));
  EXPECT_EQ(one.description, other.description);
  EXPECT_EQ(one.metadata, other.metadata);
  EXPECT_EQ(one.source_format, other.source_format);
  EXPECT_EQ(one.source_path, other.source_path);
  EXPECT_EQ(one.extras, other.extras);
  ASSERT_EQ(one.keras == nullptr, other.keras == nullptr);
  if (one.keras == nullptr) return;
  EXPECT_EQ(one.keras->config, other.keras->config);
  EXPECT_EQ(one.keras->version, other.keras->version);
  EXPECT_EQ(one.keras->training, other.keras->training);
  EXPECT_EQ(one.keras->archive, other.keras->archive);
  EXPECT_EQ(one.keras->container, other.keras->container);
  ASSERT_EQ(one.keras->weights.size(), other.keras->weights.size());
  for (size_t i = 0; i < one.keras->weights.size(); ++i) {
    const KerasWeight &left = one.keras->weights[i], &right = other.keras->weights[i];
    EXPECT_EQ(left.layer + left.name + left.value, right.layer + right.name + right.value);
    EXPECT_EQ(left.layout, right.layout);
    EXPECT_EQ(left.data, right.data);
  }
}

TEST(PareFile, KeepsEverything) {
  const Model model = full_model();
  const auto bytes = write_pare(model);
  ASSERT_TRUE(bytes) << bytes.error().to_string();
  EXPECT_TRUE(is_pare(*bytes));
  const auto again = read_pare(*bytes);
  ASSERT_TRUE(again) << again.error().to_string();
  expect_same(model, *again);
  EXPECT_EQ(*bytes, *write_pare(*again)) << "the same model gives the same bytes";
}

// Every changed byte is found, every cut too.
TEST(PareFile, RefusesEveryDamage) {
  const std::vector<std::byte> whole = *write_pare(full_model());
  size_t padding = 0;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::vector<std::byte> bytes = whole;
    bytes[at] ^= std::byte{0x10};
    const auto model = read_pare(bytes);
    padding += model.has_value();
    EXPECT_TRUE(!model || whole[at] == std::byte{0}) << "byte " << at << " was not noticed";
    EXPECT_FALSE(read_pare(std::span(whole).first(at))) << at;
  }
  EXPECT_LT(padding, whole.size() / 2);
}

// A section replaced by another text, with the right checksums.
std::string error_with(const std::string& section, const std::string& from, const std::string& to) {
  const std::vector<std::byte> whole = *write_pare(full_model());
  auto file = PareContainer::open(whole);
  PareContainerWriter forged;
  for (const std::string& name : file->names_below("")) {
    if (!file->is_text(name)) {
      forged.add(name, *file->tensor(name));
      continue;
    }
    std::string text = *file->text(name);
    if (name == section) {
      const size_t at = text.find(from);
      EXPECT_NE(at, std::string::npos) << text;
      text.replace(at, from.size(), to);
    }
    forged.add(name, text);
  }
  const auto model = read_pare(*forged.bytes());
  return model ? "no error" : model.error().to_string();
}

TEST(PareFile, RefusesRecordsThatDoNotFit) {
  EXPECT_EQ(error_with("model", "a net", "another"), "no error");
  EXPECT_THAT(error_with("graphs/0", "%z = mul", "%z = moil"), HasSubstr("graph 0: line"));
  EXPECT_THAT(error_with("graphs/0", "%state = variable f32[3]", "%state = variable f32[4]"),
              HasSubstr("the data of '%state' are f32[3], its type is f32[4]"));
  EXPECT_THAT(error_with("graphs/0", "%state = variable", "%status = variable"),
              HasSubstr("the file has no section 'constants/0/status'"));
  EXPECT_THAT(error_with("model", R"("graphs":[)", R"("grafs":[)"), HasSubstr("the file holds no graph"));
  EXPECT_THAT(error_with("model", R"(["in","x"])", R"(["in","none"])"), HasSubstr("the record of the signatures"));
  EXPECT_THAT(error_with("model", R"("graph":1)", R"("graph":2)"), HasSubstr("the record of the signatures"));
  EXPECT_THAT(error_with("model", R"("permutation":[1,0])", R"("permutation":[1,1])"),
              HasSubstr("the record of the Keras file"));
  EXPECT_THAT(error_with("model", R"("values":["a")", R"("values":["b")"), HasSubstr("the record of the graph"));
  EXPECT_THAT(error_with("model", R"("values":["x",)", R"("values":["y",)"), HasSubstr("the record of the graph"));
  EXPECT_THAT(error_with("model", R"("node_names":{"y":)", R"("node_names":{"x":)"),
              HasSubstr("the record of the graph"));
}

class PareFiles : public testing::TemporaryFolder {};

// Keras -> .pare -> Keras and TFLite -> .pare -> TFLite: the same as without the stop.
TEST_F(PareFiles, AreStopsOnTheWay) {
  PARE_REQUIRE_ASSET("models");
  for (const char* name : {"models/keras/mnist_model.keras", "models/mlperf_tiny/kws/kws_ref_model.h5",
                           "models/mlperf_tiny/ic/pretrainedResnet_quant.tflite"}) {
    PARE_REQUIRE_ASSET(name);
    const std::filesystem::path source = testing::assets() / name, stop = folder_ / "stop.pare";
    const auto model = read_model(source);
    ASSERT_TRUE(model) << model.error().to_string();
    ASSERT_TRUE(write_model(*model, stop));
    const auto again = read_model(stop);
    ASSERT_TRUE(again) << again.error().to_string();
    expect_same(*model, *again);
    const std::filesystem::path direct = folder_ / ("direct" + source.extension().string()),
                                back = folder_ / ("back" + source.extension().string());
    ASSERT_TRUE(write_model(*model, direct));
    ASSERT_TRUE(write_model(*again, back));
    EXPECT_EQ(*read_file(direct), *read_file(back)) << name;
  }
}

}  // namespace
}  // namespace pare
