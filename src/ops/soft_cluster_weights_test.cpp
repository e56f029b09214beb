#include "ops/soft_cluster_weights.h"

#include <gmock/gmock.h>

#include <cmath>

#include "testing/operators.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using testing::Operand;
using testing::random_tensor;
using testing::run_operator;

struct Case {
  Tensor weights;
  std::vector<float> centroids;
  Tensor codes;
  float temperature = 0.1f;
  std::vector<float> scales = {};  // of slices along axis 0
  SoftClusterWeightsAttributes attributes = {};
};

Expected<std::vector<Tensor>> run(const Case& given, int threads = 1) {
  return run_operator("soft_cluster_weights", given.attributes,
                      {Operand::input(given.weights), Operand::input(Tensor::vector(given.centroids)),
                       Operand::input(given.codes), Operand::input(Tensor::vector<float>({given.temperature})),
                       given.scales.empty() ? Operand::absent() : Operand::input(Tensor::vector(given.scales))},
                      {.results = 4, .threads = threads});
}

struct Result {
  std::vector<float> weights, centroids;
  std::vector<int32_t> codes;
};

Result result_of(const Case& given, int threads = 1) {
  const auto results = run(given, threads);
  if (!results) throw std::runtime_error(results.error().to_string());
  const auto weights = (*results)[0].values<float>(), centroids = (*results)[1].values<float>();
  const auto codes = (*results)[2].values<int32_t>();
  return {{weights.begin(), weights.end()}, {centroids.begin(), centroids.end()}, {codes.begin(), codes.end()}};
}

// The formulas, weight by weight; `per_table` weights lie together, and so do the weights of a scale.
class Naive {
 public:
  explicit Naive(const Case& given) : given_(given), c_(given.centroids.begin(), given.centroids.end()) {
    const auto tables = static_cast<size_t>(given.attributes.by_channel ? given.weights.shape()[0] : 1);
    in_table_ = c_.size() / tables;
    per_table_ = static_cast<size_t>(given.weights.shape().elements()) / tables;
    for (size_t table = 0; table < tables; ++table) {
      const auto [low, high] = std::minmax_element(c_.begin() + static_cast<std::ptrdiff_t>(table * in_table_),
                                                   c_.begin() + static_cast<std::ptrdiff_t>((table + 1) * in_table_));
      spacing_.push_back((*high - *low) / static_cast<double>(in_table_ - 1));
    }
  }

  void iterate() {
    std::vector<double> sums(c_.size()), counts(c_.size());
    for (size_t i = 0; i < size(); ++i) {
      const std::vector<double> a = shares(i);
      for (size_t k = 0; k < a.size(); ++k) {
        counts[first(i) + k] += a[k] * scale(i) * scale(i);
        sums[first(i) + k] += a[k] * scale(i) * scale(i) * value(i);
      }
    }
    for (size_t k = 0; k < c_.size(); ++k) c_[k] = sums[k] / counts[k];
  }

  double weight(size_t i) const {
    const std::vector<double> a = shares(i);
    double sum = 0;
    for (size_t k = 0; k < a.size(); ++k) sum += a[k] * c_[first(i) + k];
    return scale(i) * sum;
  }
  double centroid(size_t k) const { return c_[k]; }
  size_t size() const { return static_cast<size_t>(given_.weights.shape().elements()); }

 private:
  size_t first(size_t i) const { return i / per_table_ * in_table_; }
  // 0 for what is in no cluster, so that it counts nowhere.
  double scale(size_t i) const {
    if (given_.codes.values<int32_t>()[i] < 0) return 0;
    const size_t per_scale = given_.scales.empty() ? 1 : size() / given_.scales.size();
    return given_.scales.empty() ? 1 : given_.scales[i / per_scale];
  }
  double value(size_t i) const { return scale(i) == 0 ? 0 : given_.weights.values<float>()[i] / scale(i); }
  std::vector<double> shares(size_t i) const {
    std::vector<double> a;
    double sum = 0;
    for (size_t k = 0; k < in_table_; ++k) {
      const double distance = std::abs(value(i) - c_[first(i) + k]);
      a.push_back(std::exp(-distance / (given_.temperature * spacing_[i / per_table_])));
      sum += a.back();
    }
    for (double& each : a) each /= sum;
    return a;
  }

  const Case& given_;
  std::vector<double> c_, spacing_;
  size_t in_table_, per_table_;
};

Case random_case(bool by_channel, bool scaled, Random& random) {
  const Shape shape{3, 7, 50};
  Case made{random_tensor(shape, random), {}, Tensor(DType::Int32, shape), 0.4f};
  made.attributes = {.iterations = 2, .by_channel = by_channel};
  for (int32_t& code : made.codes.mutable_values<int32_t>()) code = random.below(5) == 0 ? -1 : 0;
  for (int table = 0; table < (by_channel ? 3 : 1); ++table)
    for (const float centroid : {-0.9f, -0.3f, 0.1f, 0.8f})
      made.centroids.push_back(centroid + random.uniform(0, 0.1f));
  if (scaled) made.scales = {0.5f, -2, 1};
  return made;
}

TEST(SoftClusterWeights, IsWhatTheFormulasSay) {
  Random random(1);
  for (const bool by_channel : {false, true})
    for (const bool scaled : {false, true}) {
      const Case given = random_case(by_channel, scaled, random);
      const Result found = result_of(given);
      Naive naive(given);
      naive.iterate();
      naive.iterate();
      for (size_t k = 0; k < found.centroids.size(); ++k) EXPECT_NEAR(found.centroids[k], naive.centroid(k), 1e-4);
      for (size_t i = 0; i < naive.size(); ++i) ASSERT_NEAR(found.weights[i], naive.weight(i), 1e-4) << i;
    }
}

TEST(SoftClusterWeights, DoesNotHangOnThreads) {
  Random random(2);
  const Case given = random_case(true, true, random);
  const Result one = result_of(given, 1), three = result_of(given, 3);
  EXPECT_EQ(one.weights, three.weights);
  EXPECT_EQ(one.centroids, three.centroids);
  EXPECT_EQ(one.codes, three.codes);
}

TEST(SoftClusterWeights, ColdSharesMakeMeansOfTheNearest) {
  const Result found = result_of({Tensor::vector<float>({0, 0.2f, 0.9f, 1, 1.1f, 5}),
                                  {0, 1},
                                  Tensor::vector<int32_t>({0, 0, 0, 0, 0, -1}),
                                  0.01f});
  EXPECT_THAT(found.centroids, ElementsAre(FloatNear(0.1f, 1e-5f), FloatNear(1, 1e-5f)));
  EXPECT_THAT(found.codes, ElementsAre(0, 0, 1, 1, 1, -1));
  EXPECT_THAT(found.weights, ElementsAre(found.centroids[0], found.centroids[0], found.centroids[1], found.centroids[1],
                                         found.centroids[1], 0));
}

TEST(SoftClusterWeights, CentroidsWithoutWeightsStay) {
  const Result found = result_of({Tensor::vector<float>({0, 0.1f}), {0, 1, 2}, Tensor::vector<int32_t>({0, 0}), 0.02f});
  EXPECT_THAT(found.centroids, ElementsAre(FloatNear(0.05f, 1e-5f), 1, 2));
}

TEST(SoftClusterWeights, RefusesWhatDoesNotFit) {
  const Tensor weights = Tensor::of<float>({2, 2}, {1, 2, 3, 4}), codes(DType::Int32, {2, 2});
  const auto message = [](const Case& given) { return run(given).error().to_string(); };
  EXPECT_THAT(message({weights, {1, 2}, Tensor(DType::Int32, {4})}), HasSubstr("'codes' are i32[4]"));
  EXPECT_THAT(message({weights, {1, 2}, codes, 1, {1, 1, 1}}), HasSubstr("'scales' are [3] for axis 0 of [2, 2]"));
  EXPECT_THAT(message({weights, {1, 2, 3}, codes, 1, {}, {.by_channel = true}}),
              HasSubstr("there are 3 centroids for 2 channels"));
}

}  // namespace
}  // namespace pare
