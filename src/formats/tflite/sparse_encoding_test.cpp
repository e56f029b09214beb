#include "formats/tflite/sparse_encoding.h"

#include <gmock/gmock.h>

#include "base/random.h"
#include "formats/tflite/reader.h"
#include "formats/tflite/writer.h"
#include "ir/diff.h"
#include "ir/text.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using tflite::sparse_form;
using tflite::SparseForm;

// A network of one operator with weights of this shape, of which every `period`th block of columns is not zero.
Model network(const char* text, int64_t block, int64_t period) {
  Model model = testing::model_of(text);
  Tensor& weights = *model.main().find_value("w")->data;
  Random random(1);
  const auto fill = [&](auto values) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<int64_t>(i) / block % period == 0
                      ? static_cast<std::decay_t<decltype(values[0])>>(1 + 100 * random.uniform())
                      : 0;
  };
  if (weights.dtype() == DType::Float32)
    fill(weights.mutable_values<float>());
  else
    fill(weights.mutable_values<int8_t>());
  return model;
}

std::optional<SparseForm> form_of(const Model& model) {
  return sparse_form(model.main(), *model.main().find_value("w"));
}

constexpr const char* kDense =
    "graph (%x: f32[1, 64]) { %w = constant f32[32, 64] (0) %b = constant f32[32] (0) %y = fully_connected(%x, %w, %b) return %y }";
constexpr const char* kConvolution =
    "graph (%x: f32[1, 4, 4, 64]) { %w = constant f32[32, 1, 1, 64] (0) %b = constant f32[32] (0) %y = conv_2d(%x, %w, %b) return %y }";
constexpr const char* kInteger =
    "graph (%x: i8[1, 4, 4, 64] quant(0.5, 0)) { %w = constant i8[64, 1, 1, 64] quant(0.5, 0) (0) "
    "%b = constant i32[64] quant(0.25, 0) (0) %y = conv_2d(%x, %w, %b) : i8[1, 4, 4, 64] quant(1, 3) return %y }";

TEST(SparseEncoding, WhatIsReadBackIsWhatWasWritten) {
  struct Case {
    const char* text;
    int64_t block, period;
  };
  for (const Case& each :
       {Case{kDense, 4, 16}, {kDense, 1, 5}, {kConvolution, 1, 4}, {kConvolution, 4, 20}, {kInteger, 1, 9}}) {
    const Model model = network(each.text, each.block, each.period);
    const auto dense = write_tflite(model), sparse = write_tflite(model, true);
    ASSERT_TRUE(sparse.has_value()) << sparse.error().to_string();
    EXPECT_LT(sparse->size(), dense->size());
    const auto again = read_tflite(*sparse, "sparse.tflite");
    ASSERT_TRUE(again.has_value()) << again.error().to_string();
    EXPECT_EQ(print(again->main()), print(read_tflite(*dense, "dense.tflite")->main()));
    EXPECT_EQ(*write_tflite(*again, true), *sparse) << "a file that was read is written as it was";
    EXPECT_EQ(*sparse, *write_tflite(model, true)) << "the same bytes each time";
  }
}

TEST(SparseEncoding, BlocksOfDenseLayersAreReadByTheKernelItself) {
  const auto blocks = form_of(network(kDense, 4, 16));
  ASSERT_TRUE(blocks);
  EXPECT_TRUE(blocks->direct);
  EXPECT_EQ(blocks->block, 4);
  EXPECT_EQ(blocks->values.elements(), 32 * 64 / 16);
  const auto few = form_of(network(kDense, 4, 5));
  ASSERT_TRUE(few);
  EXPECT_FALSE(few->direct) << "a dense kernel is faster";
  EXPECT_FALSE(form_of(network(kConvolution, 4, 16))->direct);
}

TEST(SparseEncoding, RowsAndColumns) {
  Model model = network(kConvolution, 1, 1000000);
  auto values = model.main().find_value("w")->data->mutable_values<float>();
  values[0] = 0;
  values[64 + 3] = 7;
  values[64 + 60] = 8;
  const auto form = form_of(model);
  ASSERT_TRUE(form);
  EXPECT_THAT(std::vector(form->segments.begin(), form->segments.begin() + 4), ::testing::ElementsAre(0, 0, 2, 2));
  EXPECT_THAT(form->indices, ::testing::ElementsAre(3, 60));
  EXPECT_EQ(form->values, Tensor::vector<float>({7, 8}));
}

TEST(SparseEncoding, WhatGainsNothingStaysAsItIs) {
  EXPECT_FALSE(form_of(network(kDense, 1, 1))) << "no zeros";
  EXPECT_FALSE(form_of(network(kInteger, 1, 2))) << "an index for each byte";
  EXPECT_FALSE(sparse_form(network(kDense, 4, 16).main(), *network(kDense, 4, 16).main().find_value("b")));
  Model shared = network(kDense, 4, 16);
  shared.main().outputs.push_back(shared.main().find_value("w"));
  EXPECT_FALSE(form_of(shared)) << "the weights are an output";
}

TEST(SparseEncoding, ZeroIsNotAtZeroPointsElsewhere) {
  Model model = network(kInteger, 1, 9);
  model.main().find_value("w")->type.quantization->zero_points = {3};
  EXPECT_FALSE(form_of(model));
}

}  // namespace
}  // namespace pare
