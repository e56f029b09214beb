#include "train/loss.h"

#include <gmock/gmock.h>

#include <cmath>

#include "testing/numeric_gradient.h"

namespace pare {
namespace {

using ::testing::FloatNear;

// Two samples of three numbers.
const std::vector<float> kScored{1, -2, 0.5f, 3, 0, -1}, kTargets{0.2f, 0.5f, 0.3f, 1, 0, 0}, kWeights{1, 3};

Graph graph_of(const LossOptions& options) {
  GraphBuilder build;
  Value* scored = build.input("scored", {2, 3});
  Graph graph = build.finish({scored});
  Value* targets = graph.add_constant("targets", Tensor::vector(kTargets).reshaped({2, 3}));
  Value* weights = graph.add_constant("weights", Tensor::vector(kWeights));
  auto loss = append_loss(graph, options, scored, targets, weights);
  if (!loss) throw std::runtime_error(loss.error().to_string());
  graph.outputs = {*loss};
  return graph;
}

double loss_of(const LossOptions& options) {
  auto program = Program::compile(graph_of(options), {.batch = 2});
  if (!program) throw std::runtime_error(program.error().to_string());
  Context context(*program);
  return testing::outputs_of(**program, context, {Tensor::vector(kScored).reshaped({2, 3})})[0].values<float>()[0];
}

// The mean over samples of weight * of(scored, targets of a sample).
template <class Of>
double expected(Of of) {
  double sum = 0;
  for (size_t n = 0; n < 2; ++n) sum += kWeights[n] * of(kScored.data() + 3 * n, kTargets.data() + 3 * n);
  return sum / 2;
}

double log_sum(const float* x) { return std::log(std::exp(x[0]) + std::exp(x[1]) + std::exp(x[2])); }

TEST(Loss, CrossEntropyIsThatOfTheDefinition) {
  EXPECT_NEAR(loss_of({.loss = Loss::CrossEntropy}), expected([](const float* x, const float* t) {
                double loss = 0;
                for (int c = 0; c < 3; ++c) loss -= t[c] * (x[c] - log_sum(x));
                return loss;
              }),
              1e-5);
}

TEST(Loss, SmoothingSpreadsTargets) {
  EXPECT_NEAR(loss_of({.loss = Loss::CrossEntropy, .smoothing = 0.3f}), expected([](const float* x, const float* t) {
                double loss = 0;
                for (int c = 0; c < 3; ++c) loss -= (0.7 * t[c] + 0.1) * (x[c] - log_sum(x));
                return loss;
              }),
              1e-5);
}

TEST(Loss, OthersAreThoseOfTheirDefinitions) {
  const auto mean_of = [](auto term) {
    return expected(
        [&](const float* x, const float* t) { return (term(x[0], t[0]) + term(x[1], t[1]) + term(x[2], t[2])) / 3; });
  };
  EXPECT_NEAR(loss_of({.loss = Loss::Mse}), mean_of([](double x, double t) { return (x - t) * (x - t); }), 1e-5);
  EXPECT_NEAR(loss_of({.loss = Loss::Mae}), mean_of([](double x, double t) { return std::abs(x - t); }), 1e-5);
  EXPECT_NEAR(loss_of({.loss = Loss::Huber, .delta = 0.75f}), mean_of([](double x, double t) {
                const double d = std::abs(x - t);
                return d < 0.75 ? d * d / 2 : 0.75 * (d - 0.375);
              }),
              1e-5);
  EXPECT_NEAR(loss_of({.loss = Loss::BinaryCrossEntropy}), mean_of([](double x, double t) {
                const double p = 1 / (1 + std::exp(-x));
                return -t * std::log(p) - (1 - t) * std::log(1 - p);
              }),
              1e-5);
  EXPECT_NEAR(loss_of({.loss = Loss::Kl}), expected([](const float* x, const float* t) {
                double loss = 0;
                for (int c = 0; c < 3; ++c) loss += t[c] == 0 ? 0 : t[c] * (std::log(t[c]) - (x[c] - log_sum(x)));
                return loss;
              }),
              1e-4);
}

TEST(Loss, GradientsAreThoseOfTheNumbers) {
  for (const Loss loss : {Loss::CrossEntropy, Loss::BinaryCrossEntropy, Loss::Mse, Loss::Mae, Loss::Huber, Loss::Kl}) {
    Random random(3);
    const LossOptions options{.loss = loss, .smoothing = loss == Loss::CrossEntropy ? 0.1f : 0.f, .delta = 0.6f};
    EXPECT_LT(
        testing::gradient_error({graph_of(options), {Tensor::vector(kScored).reshaped({2, 3})}}, Engine::Fast, random),
        1e-3)
        << to_string(loss);
  }
}

TEST(Loss, StartsFromTheLogits) {
  const Graph graph = testing::parsed("graph (%x: f32[2, 3]) { %p = softmax(%x) %s = logistic(%x) return %p, %s }");
  Value *softmax = graph.outputs[0], *sigmoid = graph.outputs[1];
  EXPECT_EQ(scored_value(softmax, default_loss(*softmax, true)), graph.inputs[0]);
  EXPECT_EQ(scored_value(sigmoid, default_loss(*sigmoid, true)), graph.inputs[0]);
  EXPECT_EQ(default_loss(*softmax, false), Loss::Mse);
  EXPECT_EQ(scored_value(softmax, Loss::Mse), softmax);
}

}  // namespace
}  // namespace pare
