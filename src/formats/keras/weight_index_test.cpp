#include "formats/keras/weight_index.h"

#include <gmock/gmock.h>

#include "formats/keras/test_files.h"

namespace pare::keras {
namespace {

using ::testing::HasSubstr;

TEST(SnakeCase, IsThatOfKeras) {
  EXPECT_EQ(snake_case("Dense"), "dense");
  EXPECT_EQ(snake_case("Conv2D"), "conv2d");
  EXPECT_EQ(snake_case("Conv2DTranspose"), "conv2d_transpose");
  EXPECT_EQ(snake_case("SeparableConv1D"), "separable_conv1d");
  EXPECT_EQ(snake_case("LeakyReLU"), "leaky_re_lu");
  EXPECT_EQ(snake_case("PReLU"), "p_re_lu");
  EXPECT_EQ(snake_case("ELU"), "elu");
  EXPECT_EQ(snake_case("BatchNormalization"), "batch_normalization");
}

// Two dense layers around a batch normalisation, as a model nested in another.
Network nested_network(bool frozen_dense) {
  const std::string trainable = frozen_dense ? "false" : "true";
  const auto json = parse_json(R"({"class_name": "Sequential", "config": {"name": "outer", "layers": [
    {"class_name": "InputLayer", "config": {"name": "i", "batch_shape": [null, 4]}},
    {"class_name": "Sequential", "config": {"name": "inner", "layers": [
      {"class_name": "Dense", "config": {"name": "a", "trainable": )" +
                               trainable + R"(}},
      {"class_name": "BatchNormalization", "config": {"name": "n"}},
      {"class_name": "Dense", "config": {"name": "b", "use_bias": false}}]}}]}})");
  return std::move(*parse_network(*json));
}
const Layer& inner(const Network& network, size_t i) { return network.layers[1].network->layers[i]; }

std::vector<testing::Weight> seven_weights() {
  std::vector<testing::Weight> weights;
  for (int i = 0; i < 7; ++i) weights.push_back({"w" + std::to_string(i), {1}, {0}});
  return weights;
}

TEST(WeightIndex, NestedModelsOfH5ListTrainableWeightsFirst) {
  const testing::TemporaryFile file(".h5");
  testing::write_h5(file.path(), "{}", {{"inner", seven_weights()}});
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened);
  const Network network = nested_network(false);
  const auto index = WeightIndex::of_h5(*opened, "model_weights", network);
  ASSERT_TRUE(index) << index.error().to_string();
  EXPECT_EQ(index->path(inner(network, 1), "bias"), "model_weights/inner/w1");
  EXPECT_EQ(index->path(inner(network, 2), "gamma"), "model_weights/inner/w2");
  EXPECT_EQ(index->path(inner(network, 3), "kernel"), "model_weights/inner/w4");
  EXPECT_EQ(index->path(inner(network, 2), "moving_variance"), "model_weights/inner/w6");

  const Network frozen = nested_network(true);
  const auto frozen_index = WeightIndex::of_h5(*opened, "model_weights", frozen);
  ASSERT_TRUE(frozen_index);
  EXPECT_EQ(frozen_index->path(inner(frozen, 2), "gamma"), "model_weights/inner/w0");
  EXPECT_EQ(frozen_index->path(inner(frozen, 1), "kernel"), "model_weights/inner/w3");
}

TEST(WeightIndex, ArchivesNumberLayersOfOneClass) {
  const testing::TemporaryFile file(".h5");
  { testing::Hdf5Writer(file.path()).group("layers"); }
  const auto opened = Hdf5File::open(file.path());
  ASSERT_TRUE(opened);
  const Network network = nested_network(false);
  EXPECT_EQ(archive_container(*opened), "layers");
  const WeightIndex index = WeightIndex::of_archive("layers", network);
  EXPECT_EQ(index.path(inner(network, 3), "kernel"), "layers/sequential/layers/dense_1/vars/0");
  EXPECT_EQ(index.path(inner(network, 2), "moving_mean"), "layers/sequential/layers/batch_normalization/vars/2");
  EXPECT_EQ(index.path(inner(network, 3), "bias"), "");
}

TEST(WeightIndex, RejectsMissingWeights) {
  const testing::TemporaryFile file(".h5");
  const Network network = nested_network(false);
  testing::write_h5(file.path(), "{}", {});
  EXPECT_THAT(WeightIndex::of_h5(*Hdf5File::open(file.path()), "model_weights", network).error().message,
              HasSubstr("no weights of layer 'inner' (Sequential)"));
  auto weights = seven_weights();
  weights.pop_back();
  testing::write_h5(file.path(), "{}", {{"inner", weights}});
  EXPECT_THAT(WeightIndex::of_h5(*Hdf5File::open(file.path()), "model_weights", network).error().message,
              HasSubstr("has 6 weights in the file, 7 were expected"));
}

}  // namespace
}  // namespace pare::keras
