#include "train/distillation.h"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "testing/numeric_gradient.h"

namespace pare {
namespace {

using ::testing::HasSubstr;
using testing::random_tensor;

// Three samples of four classes.
constexpr size_t kSamples = 3, kClasses = 4;
const std::vector<float> kStudent{1, -2, 0.5f, 0, 3, 0, -1, 1, -0.5f, 0.25f, 2, 1},
    kTeacher{2, -1, 0, 1, 1, 1.5f, -2, 0, -1, 0.5f, 4, 0}, kWeights{1, 3, 0.5f};

Tensor scores(const std::vector<float>& values) { return Tensor::vector(values).reshaped({kSamples, kClasses}); }

Graph graph_of(const DistillationOptions& options, Loss loss) {
  GraphBuilder build;
  Value* student = build.input("student", {kSamples, kClasses});
  Graph graph = build.finish({student});
  Value* teacher = graph.add_constant("teacher", scores(kTeacher));
  Value* weights = graph.add_constant("weights", Tensor::vector(kWeights));
  auto soft = append_soft_loss(graph, options, loss, student, teacher, weights);
  if (!soft) throw std::runtime_error(soft.error().to_string());
  graph.outputs = {*soft};
  return graph;
}

double soft_loss(const DistillationOptions& options, Loss loss = Loss::CrossEntropy,
                 const std::vector<float>& student = kStudent) {
  auto program = Program::compile(graph_of(options, loss), {.batch = kSamples});
  if (!program) throw std::runtime_error(program.error().to_string());
  Context context(*program);
  return testing::outputs_of(**program, context, {scores(student)})[0].values<float>()[0];
}

using Row = std::vector<double>;

// Probabilities of each sample at a temperature.
std::vector<Row> softened(const std::vector<float>& logits, double temperature) {
  std::vector<Row> rows;
  for (size_t n = 0; n < kSamples; ++n) {
    Row row;
    for (size_t c = 0; c < kClasses; ++c)
      row.push_back(std::exp(static_cast<double>(logits[n * kClasses + c]) / temperature));
    const double sum = std::accumulate(row.begin(), row.end(), 0.);
    for (double& each : row) each /= sum;
    rows.push_back(row);
  }
  return rows;
}

std::vector<Row> transposed(const std::vector<Row>& rows) {
  std::vector<Row> columns(rows[0].size(), Row(rows.size()));
  for (size_t n = 0; n < rows.size(); ++n)
    for (size_t c = 0; c < rows[n].size(); ++c) columns[c][n] = rows[n][c];
  return columns;
}

// Covariance over the product of the deviations.
double correlation(const Row& a, const Row& b) {
  const auto count = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.) / count,
               mean_b = std::accumulate(b.begin(), b.end(), 0.) / count;
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

TEST(SoftLoss, KlIsTheDivergenceOfSoftenedProbabilities) {
  for (const double temperature : {1., 4.}) {
    const auto p = softened(kTeacher, temperature), q = softened(kStudent, temperature);
    double expected = 0;
    for (size_t n = 0; n < kSamples; ++n)
      for (size_t c = 0; c < kClasses; ++c)
        expected += static_cast<double>(kWeights[n]) / kSamples * p[n][c] * std::log(p[n][c] / q[n][c]);
    EXPECT_NEAR(soft_loss({.soft_loss = SoftLoss::Kl, .temperature = temperature}),
                temperature * temperature * expected, 1e-5);
  }
}

TEST(SoftLoss, KlOfSigmoidsIsThatOfEachOutput) {
  double expected = 0;
  for (size_t i = 0; i < kSamples * kClasses; ++i) {
    const double p = 1 / (1 + std::exp(-kTeacher[i] / 2.)), q = 1 / (1 + std::exp(-kStudent[i] / 2.));
    expected += static_cast<double>(kWeights[i / kClasses]) / (kSamples * kClasses) *
                (p * std::log(p / q) + (1 - p) * std::log((1 - p) / (1 - q)));
  }
  EXPECT_NEAR(soft_loss({.temperature = 2}, Loss::BinaryCrossEntropy), 4 * expected, 1e-5);
}

TEST(SoftLoss, DistCorrelatesRowsAndColumns) {
  const double temperature = 1.5;
  const auto p = softened(kTeacher, temperature), q = softened(kStudent, temperature);
  const auto columns_p = transposed(p), columns_q = transposed(q);
  double rows = 0, columns = 0;
  for (size_t n = 0; n < kSamples; ++n)
    rows += static_cast<double>(kWeights[n]) * (1 - correlation(p[n], q[n])) / kSamples;
  for (size_t c = 0; c < kClasses; ++c) columns += (1 - correlation(columns_p[c], columns_q[c])) / kClasses;
  EXPECT_NEAR(soft_loss({.soft_loss = SoftLoss::Dist, .temperature = 1.5}),
              temperature * temperature * 2 * (rows + columns), 1e-5);
}

TEST(SoftLoss, MseIsThatOfTheScores) {
  double expected = 0;
  for (size_t i = 0; i < kStudent.size(); ++i)
    expected +=
        static_cast<double>(kWeights[i / kClasses]) * std::pow(kStudent[i] - kTeacher[i], 2) / (kSamples * kClasses);
  EXPECT_NEAR(soft_loss({.soft_loss = SoftLoss::Mse, .temperature = 3}, Loss::Mse), expected, 1e-5);
}

TEST(SoftLoss, IsNothingWhereBothAgree) {
  EXPECT_NEAR(soft_loss({.soft_loss = SoftLoss::Kl}, Loss::CrossEntropy, kTeacher), 0, 1e-5);
  EXPECT_NEAR(soft_loss({}, Loss::BinaryCrossEntropy, kTeacher), 0, 1e-5);
  EXPECT_NEAR(soft_loss({.soft_loss = SoftLoss::Dist}, Loss::CrossEntropy, kTeacher), 0, 1e-4);
  EXPECT_EQ(soft_loss({.soft_loss = SoftLoss::Mse}, Loss::Mse, kTeacher), 0);
}

TEST(SoftLoss, GradientsAreThoseOfTheNumbers) {
  const auto error = [](const DistillationOptions& options, Loss loss) {
    Random random(3);
    return testing::gradient_error({graph_of(options, loss), {scores(kStudent)}}, Engine::Fast, random);
  };
  EXPECT_LT(error({.soft_loss = SoftLoss::Kl}, Loss::CrossEntropy), 1e-3);
  EXPECT_LT(error({.temperature = 1}, Loss::BinaryCrossEntropy), 1e-3);
  EXPECT_LT(error({.soft_loss = SoftLoss::Dist, .temperature = 1.5}, Loss::CrossEntropy), 1e-3);
  EXPECT_LT(error({.soft_loss = SoftLoss::Mse}, Loss::Mse), 1e-3);
}

TEST(SoftLoss, ABatchOfOneHasNoColumnsToCorrelate) {
  GraphBuilder build;
  Graph graph = build.finish({build.input("student", {1, 3})});
  Value *student = graph.inputs[0], *teacher = graph.add_constant("teacher", Tensor::of<float>({1, 3}, {1, 2, 3}));
  auto loss = append_soft_loss(graph, {.soft_loss = SoftLoss::Dist}, Loss::CrossEntropy, student, teacher,
                               graph.add_constant("weights", Tensor::vector<float>({1})));
  ASSERT_TRUE(loss) << loss.error().to_string();
  graph.outputs = {*loss};
  Random random(1);
  EXPECT_LT(
      testing::gradient_error({std::move(graph), {Tensor::of<float>({1, 3}, {0.5f, -1, 1})}}, Engine::Fast, random),
      1e-3);
}

// The whole loss of a student with scores [2, 3] and one feature; all of its parts and the teacher's are inputs.
struct Whole {
  Graph graph;
  DistillationTerms terms;
};
Expected<Whole> whole_of(const DistillationOptions& options, const Shape& student_feature, const Shape& teacher_feature,
                         const Shape& teacher_scores = {3}) {
  GraphBuilder build;
  Value *scores = build.input("scores", {2, 3}), *feature = build.input("feature", student_feature),
        *hard = build.input("hard", Shape{});
  Whole whole{build.finish({scores}), {}};
  Value* weights = whole.graph.add_constant("weights", Tensor::vector<float>({1, 2}));
  PARE_ASSIGN(whole.terms, append_distillation(whole.graph, options, Loss::CrossEntropy, scores, {feature},
                                               {teacher_scores, teacher_feature}, hard, weights));
  whole.graph.outputs = {whole.terms.loss};
  return whole;
}

const DistillationOptions kWithFeature{
    .soft_loss = SoftLoss::Mse, .soft_weight = 0.25, .features = {{"small", "large"}}, .feature_weight = 3};

TEST(Distillation, WeighsItsTerms) {
  auto whole = whole_of(kWithFeature, {2, 2}, {2});
  ASSERT_TRUE(whole) << whole.error().to_string();
  EXPECT_TRUE(whole->terms.regressors.empty());
  auto program = Program::compile(whole->graph, {});
  ASSERT_TRUE(program) << program.error().to_string();
  Context context(*program);
  // Scores are off by 2 in one of three places of the first sample, the feature by 1 in one of two of the second.
  const Tensor loss = testing::outputs_of(
      **program, context,
      {Tensor::of<float>({2, 3}, {0, 2, 0, 1, 1, 1}), Tensor::of<float>({2, 2}, {1, 2, 3, 4}), Tensor::scalar(8.f),
       Tensor::of<float>({2, 3}, {0, 0, 0, 1, 1, 1}), Tensor::of<float>({2, 2}, {1, 2, 3, 5})})[0];
  EXPECT_NEAR(loss.values<float>()[0], 0.75 * 8 + 0.25 * (1 * 4. / 3) / 2 + 3 * (2 * 1. / 2) / 2 / (39. / 4), 1e-5);
}

TEST(Distillation, RegressorsMakeUpForOtherWidths) {
  auto whole = whole_of(kWithFeature, {2, 3, 2, 4}, {3, 2, 5});
  ASSERT_TRUE(whole) << whole.error().to_string();
  ASSERT_EQ(whole->terms.regressors.size(), 1u);
  const Regressor& regressor = whole->terms.regressors[0];
  EXPECT_EQ(regressor.initial_weights.shape(), (Shape{5, 4}));
  EXPECT_EQ(regressor.initial_bias.shape(), (Shape{5}));
  EXPECT_NE(regressor.initial_weights.values<float>()[0], 0);
  Random random(2);
  std::vector<Tensor> inputs;
  for (const Value* input : whole->graph.inputs) inputs.push_back(random_tensor(input->type.shape, random));
  EXPECT_LT(testing::gradient_error({std::move(whole->graph), inputs}, Engine::Fast, random), 1e-2)
      << "beyond what rounding explains";
}

TEST(Distillation, SaysWhatDoesNotFit) {
  EXPECT_THAT(
      whole_of(kWithFeature, {2, 4, 4, 8}, {2, 2, 16}).error().message,
      HasSubstr("'small' of the student is [2, 4, 4, 8], 'large' of the teacher [2, 2, 2, 16]; only the last extent"));
  EXPECT_THAT(whole_of(kWithFeature, {2, 4}, {4, 4}).error().message, HasSubstr("'small' of the student is [2, 4]"));
  EXPECT_THAT(
      whole_of(kWithFeature, {8, 4}, {4}).error().message,
      HasSubstr("the value 'small' of the student is f32[8, 4]; floats that begin with the batch were expected"));
  EXPECT_THAT(
      whole_of(kWithFeature, {2, 2}, {2}, {5}).error().message,
      HasSubstr("the teacher gives [2, 5] for a batch, the student [2, 3]; both must tell the same classes apart"));
}

TEST(Distillation, TakesOneDistributionASample) {
  GraphBuilder build;
  Value* scores = build.input("scores", {2, 5, 3});
  Graph graph = build.finish({scores});
  Value* weights = graph.add_constant("weights", Tensor::vector<float>({1, 2}));
  const auto terms = append_distillation(graph, {}, Loss::CrossEntropy, scores, {}, {{5, 3}}, nullptr, weights);
  EXPECT_THAT(terms.error().message, HasSubstr("the scores are [2, 5, 3]; the batch and the classes were expected"));
}

TEST(Distillation, OptionsOutOfRangeAreErrors) {
  const auto message = [](const DistillationOptions& options, Loss loss = Loss::CrossEntropy) {
    return check_distillation(options, loss).error().message;
  };
  EXPECT_TRUE(check_distillation({}, Loss::CrossEntropy));
  EXPECT_TRUE(check_distillation({}, Loss::BinaryCrossEntropy));
  EXPECT_TRUE(check_distillation({}, Loss::Mse));
  EXPECT_TRUE(check_distillation({.soft_loss = SoftLoss::Mse}, Loss::Huber));
  EXPECT_THAT(message({.temperature = 0}), HasSubstr("the temperature is 0; a number above 0 was expected"));
  EXPECT_THAT(message({.temperature = -1}), HasSubstr("the temperature is -1"));
  EXPECT_THAT(message({.soft_weight = 1.5}), HasSubstr("the share of the soft loss is 1.5; a number from 0 to 1"));
  EXPECT_THAT(message({.feature_weight = -2}), HasSubstr("the weight of features is -2; a number from 0 on"));
  EXPECT_THAT(message({.soft_loss = SoftLoss::Kl}, Loss::Mse),
              HasSubstr("the soft loss 'kl' compares probabilities, the loss 'mse' takes none; choose mse"));
  EXPECT_THAT(message({.soft_loss = SoftLoss::Dist}, Loss::BinaryCrossEntropy),
              HasSubstr("compares distributions over classes"));
}

TEST(Distillation, SharesAreThoseOfThePapers) {
  const auto share = [](const DistillationOptions& options) {
    return *settled(options, Loss::CrossEntropy).soft_weight;
  };
  EXPECT_EQ(share({}), 0.5);
  EXPECT_EQ(share({.soft_loss = SoftLoss::Kl}), 0.9);
  EXPECT_EQ(share({.soft_weight = 0.3}), 0.3);
  EXPECT_EQ(share({.soft_weight = 0.3, .use_targets = false}), 1);
}

TEST(Distillation, TheSoftLossFollowsFromTheLoss) {
  EXPECT_EQ(*settled({}, Loss::CrossEntropy).soft_loss, SoftLoss::Dist);
  EXPECT_EQ(*settled({}, Loss::BinaryCrossEntropy).soft_loss, SoftLoss::Kl);
  EXPECT_EQ(*settled({}, Loss::Huber).soft_loss, SoftLoss::Mse);
  EXPECT_EQ(*settled({.soft_loss = SoftLoss::Kl}, Loss::CrossEntropy).soft_loss, SoftLoss::Kl);
}

TEST(Distillation, LikenessCountsDecisions) {
  const Tensor a = Tensor::of<float>({2, 2}, {1, 2, -1, -3}), b = Tensor::of<float>({2, 2}, {0, 5, -2, -1});
  EXPECT_DOUBLE_EQ(likeness(a, b, Loss::CrossEntropy), 0.5);
  EXPECT_DOUBLE_EQ(likeness(a, b, Loss::BinaryCrossEntropy), 0.75);
  EXPECT_DOUBLE_EQ(likeness(a, b, Loss::Mse), -(1. + 9 + 1 + 4) / 4);
}

}  // namespace
}  // namespace pare
