#include "train/scorer.h"

#include <gmock/gmock.h>

#include "testing/data_folder.h"
#include "testing/graphs.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using testing::parsed;
using ::testing::Pointwise;
using testing::random_tensor;
using testing::small_classifier;

class ScorerTest : public testing::DataFolder {
 protected:
  static Scorer scorer_of(const Graph& network, const std::vector<std::string>& values = {}, int threads = 1) {
    auto scorer = Scorer::create(network, Loss::CrossEntropy, values, threads);
    if (!scorer) throw std::runtime_error(scorer.error().to_string());
    return std::move(*scorer);
  }
  static std::vector<Tensor> run(Scorer& scorer, const SampleSource& samples) {
    auto given = scorer.run(samples);
    if (!given) throw std::runtime_error(given.error().to_string());
    return std::move(*given);
  }
  static Batch batch_of(const Tensor& all, const std::vector<int64_t>& samples) {
    Batch batch;
    Shape shape = all.shape();
    const auto size = static_cast<size_t>(all.elements() / shape[0]);
    shape[0] = static_cast<int64_t>(samples.size());
    batch.inputs = {Tensor(DType::Float32, shape)};
    for (size_t i = 0; i < samples.size(); ++i)
      for (size_t k = 0; k < size; ++k)
        batch.inputs[0].mutable_values<float>()[i * size + k] =
            all.values<float>()[static_cast<size_t>(samples[i]) * size + k];
    batch.weights = Tensor(DType::Float32, {shape[0]});
    batch.samples = samples;
    return batch;
  }

  Random random_{4};
  const Tensor images_ = random_tensor({40, 8, 8, 3}, random_);
};

TEST_F(ScorerTest, GivesLogitsAndWhatWasAskedFor) {
  Scorer scorer = scorer_of(small_classifier(), {"pool", "conv"});
  EXPECT_THAT(scorer.shapes(), ElementsAre(Shape{10}, Shape{8, 8, 4}, Shape{8, 8, 4}));
  const std::vector<Tensor> given = run(scorer, source_of({images_}));
  // The scores are what the softmax takes.
  auto program = Program::compile(small_classifier(), {.batch = 40, .fuse = false, .keep_all = true});
  ASSERT_TRUE(program);
  Context context(*program);
  ASSERT_TRUE(context.set_inputs(std::vector{images_}));
  context.run();
  for (const auto& [number, name] : {std::pair(0u, "dense"), std::pair(1u, "pool"), std::pair(2u, "conv")}) {
    const auto* numbers = static_cast<const float*>(context.data((*program)->graph().find_value(name)));
    EXPECT_THAT(given[number].values<float>(),
                Pointwise(FloatNear(1e-4f), std::span(numbers, static_cast<size_t>(given[number].elements()))))
        << name;
  }
}

TEST_F(ScorerTest, WhatIsKeptIsWhatItGives) {
  const DataView view = samples(images_);
  Scorer keeping = scorer_of(small_classifier(), {"pool"}, 2), other = scorer_of(small_classifier(), {"pool"});
  ASSERT_TRUE(keeping.keep(view, 40 * (10 + 256) * 4));
  EXPECT_TRUE(keeping.keeps());
  ASSERT_TRUE(other.keep(view, 40 * (10 + 256) * 4 - 1));
  EXPECT_FALSE(other.keeps()) << "they do not fit";
  const Batch batch = batch_of(images_, {7, 39, 0, 7});
  const auto kept = keeping.run(batch), computed = other.run(batch);
  ASSERT_TRUE(kept && computed);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*kept)[i].shape(), (*computed)[i].shape());
    EXPECT_THAT((*kept)[i].values<float>(), Pointwise(FloatNear(1e-5f), (*computed)[i].values<float>()));
  }
  // Nothing is computed any more.
  Batch empty = batch;
  empty.inputs[0] = Tensor(DType::Float32, {4, 8, 8, 3});
  EXPECT_TRUE((*keeping.run(empty))[0] == (*kept)[0]);
}

TEST_F(ScorerTest, ThreadsDoNotMatter) {
  Scorer one = scorer_of(small_classifier(), {}, 1), two = scorer_of(small_classifier(), {}, 2);
  EXPECT_TRUE(run(one, source_of({images_}))[0] == run(two, source_of({images_}))[0]);
}

TEST_F(ScorerTest, QuantisedNetworksGiveRealNumbers) {
  Scorer scorer = scorer_of(parsed(R"(graph (%x: i8[?, 3] quant(0.5, 1)) {
    %r = relu(%x) : i8[?, 3] quant(0.5, 1)
    %p = softmax(%r) : i8[?, 3] quant(0.00390625, -128)
    %y = dequantize(%p)
    return %y })"));
  const std::vector<Tensor> given = run(scorer, source_of({Tensor::of<float>({2, 3}, {-1, 0.5f, 2, 3, -3, 0})}));
  EXPECT_THAT(given[0].values<float>(), ElementsAre(0, 0.5f, 2, 3, 0, 0));
}

TEST_F(ScorerTest, SaysWhatItCannotGive) {
  const auto message = [](const Graph& network, const std::vector<std::string>& values) {
    return Scorer::create(network, Loss::CrossEntropy, values, 1).error().message;
  };
  EXPECT_THAT(message(small_classifier(), {"stem"}), HasSubstr("no value is called 'stem'; `pare inspect --layers`"));
  EXPECT_THAT(message(small_classifier(), {"w"}), HasSubstr("no value is called 'w'"));
  EXPECT_THAT(
      message(
          parsed(
              "graph (%x: f32[?, 3]) { %axes = constant i32[2] (1, 0) %t = transpose(%x, %axes) %y = relu(%t) return %y }"),
          {}),
      HasSubstr("'y' is [3, 1], which does not begin with the batch"));
}

}  // namespace
}  // namespace pare
