#include "train/distillation.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "ir/graph_writer.h"
#include "ops/reductions.h"

namespace pare {
namespace {

bool gives_distributions(Loss loss) { return loss == Loss::CrossEntropy || loss == Loss::Kl; }

// Each row less its mean, at length 1.
Value* standardised(GraphWriter& write, Value* rows) {
  Value* mean = write.op("mean", {rows, write.indices({1})}, ReduceAttributes{.keep_dims = true});
  return write.op("l2_normalization", {write.op("sub", {rows, mean})});
}

// 1 - Pearson's correlation of each row with its counterpart.
Value* unlikeness(GraphWriter& write, Value* a, Value* b) {
  Value* product = write.op("mul", {standardised(write, a), standardised(write, b)});
  return write.op("sub", {write.scalar(1), write.op("sum", {product, write.indices({1})})});
}

Value* mean_of_all(GraphWriter& write, Value* vector) { return write.op("mean", {vector, write.indices({0})}); }

// Samples against each other and classes against each other. Huang et al. (2022), equations 7 to 10, weights of the paper.
Value* dist(GraphWriter& write, Value* student, Value* teacher, Value* weights) {
  const auto transposed = [&](Value* value) { return write.op("transpose", {value, write.indices({1, 0})}); };
  Value *p = write.op("softmax", {student}), *q = write.op("softmax", {teacher});
  Value* rows = mean_of_all(write, write.op("mul", {unlikeness(write, p, q), weights}));
  Value* columns = mean_of_all(write, unlikeness(write, transposed(p), transposed(q)));
  return write.op("mul", {write.op("add", {rows, columns}), write.scalar(2)});
}

// The regressors' part of a feature: [..., width of the student] to [..., width of the teacher].
class FeatureTerm {
 public:
  FeatureTerm(Graph& graph, const DistillationOptions& options, size_t number)
      : graph_(graph),
        write_(graph, "distillation"),
        number_(number),
        pair_(options.features[number]),
        random_(stream_seed(options.seed, static_cast<int64_t>(number))) {}

  // The mean squared error against the mean square of the teacher's; a regressor is made where the widths differ.
  Expected<Value*> make(Value* student, Value* teacher, Value* weights, std::vector<Regressor>& regressors) {
    PARE_TRY(check(student, teacher));
    if (student->type.shape[-1] != teacher->type.shape[-1]) {
      regressors.push_back(regressor(student->type.shape[-1], teacher->type.shape[-1]));
      student = projected(student, teacher->type.shape, regressors.back());
    }
    PARE_ASSIGN(student, write_.finish(student));
    PARE_ASSIGN(Value * error, append_loss(graph_, {.loss = Loss::Mse}, student, teacher, weights));
    Value* all = write_.dimensions(0, teacher->type.shape.rank());
    Value* size = write_.op("mean", {write_.op("square", {teacher}), all});
    return write_.finish(write_.op("div", {error, write_.op("maximum", {size, write_.scalar(1e-12f)})}));
  }

 private:
  Expected<void> check(const Value* student, const Value* teacher) const {
    Shape same = student->type.shape;
    if (student->type.dtype != DType::Float32 || same.rank() < 2 || same[0] != teacher->type.shape[0])
      return unsupported("the value '{}' of the student is {}{}; floats that begin with the batch were expected",
                         pair_.student, to_string(student->type.dtype), same.to_string());
    if (same.rank() == teacher->type.shape.rank()) same[same.rank() - 1] = teacher->type.shape[-1];
    if (same == teacher->type.shape) return {};
    return bad_input(
        "'{}' of the student is {}, '{}' of the teacher {}; only the last extent, the channels, may differ",
        pair_.student, student->type.shape.to_string(), pair_.teacher, teacher->type.shape.to_string());
  }

  // Glorot and Bengio (2010).
  Regressor regressor(int64_t from, int64_t to) {
    Tensor weights(DType::Float32, {to, from}), bias(DType::Float32, {to});
    const auto limit = static_cast<float>(std::sqrt(6. / static_cast<double>(from + to)));
    for (float& value : weights.mutable_values<float>()) value = random_.uniform(-limit, limit);
    const auto input = [&](std::string_view what, const Tensor& initial) {
      return graph_.add_input(fmt::format("distillation/regressor_{}/{}", number_ + 1, what),
                              {DType::Float32, initial.shape(), {}});
    };
    return {input("weights", weights), input("bias", bias), weights, bias};
  }

  Value* projected(Value* student, const Shape& shape, const Regressor& regressor) {
    const int64_t width = student->type.shape[-1], positions = student->type.shape.elements() / width;
    const auto reshaped = [&](Value* value, const Shape& to) {
      std::vector<int64_t> extents;
      for (int i = 0; i < to.rank(); ++i) extents.push_back(to[i]);
      return write_.op("reshape", {value, write_.indices(extents)});
    };
    Value* rows = reshaped(student, {positions, width});
    return reshaped(write_.op("fully_connected", {rows, regressor.weights, regressor.bias}), shape);
  }

  Graph& graph_;
  GraphWriter write_;
  size_t number_;
  const FeaturePair& pair_;
  Random random_;
};

Value* weighted_sum(GraphWriter& write, Value* sum, Value* term, double weight) {
  Value* weighted = weight == 1 ? term : write.op("mul", {term, write.scalar(static_cast<float>(weight))});
  return sum == nullptr ? weighted : write.op("add", {sum, weighted});
}

}  // namespace

bool gives_probabilities(Loss loss) { return gives_distributions(loss) || loss == Loss::BinaryCrossEntropy; }

DistillationOptions settled(DistillationOptions options, Loss loss) {
  if (!options.soft_loss)
    options.soft_loss = gives_distributions(loss)   ? SoftLoss::Dist
                        : gives_probabilities(loss) ? SoftLoss::Kl
                                                    : SoftLoss::Mse;
  if (!options.use_targets) options.soft_weight = 1;
  if (!options.soft_weight) options.soft_weight = options.soft_loss == SoftLoss::Dist ? 0.5 : 0.9;
  return options;
}

Expected<void> check_distillation(const DistillationOptions& given, Loss loss) {
  const DistillationOptions options = settled(given, loss);
  if (!(options.temperature > 0) || !std::isfinite(options.temperature))
    return usage_error("the temperature is {}; a number above 0 was expected", options.temperature);
  const double share = *options.soft_weight;
  if (!(share >= 0 && share <= 1))
    return usage_error("the share of the soft loss is {}; a number from 0 to 1 was expected", share);
  if (!(options.feature_weight >= 0) || !std::isfinite(options.feature_weight))
    return usage_error("the weight of features is {}; a number from 0 on was expected", options.feature_weight);
  const bool fits = options.soft_loss == SoftLoss::Mse || gives_distributions(loss) ||
                    (options.soft_loss == SoftLoss::Kl && gives_probabilities(loss));
  if (fits) return {};
  return usage_error(
      "the soft loss '{}' compares {}, the loss '{}' takes none; choose mse as soft loss, or cross_entropy as loss "
      "where the output of the network are logits",
      to_string(*options.soft_loss),
      options.soft_loss == SoftLoss::Dist ? "distributions over classes" : "probabilities", to_string(loss));
}

Expected<Value*> append_soft_loss(Graph& graph, const DistillationOptions& options, Loss loss, Value* student,
                                  Value* teacher, Value* weights) {
  const SoftLoss kind = *settled(options, loss).soft_loss;
  if (kind == SoftLoss::Mse) return append_loss(graph, {.loss = Loss::Mse}, student, teacher, weights);
  GraphWriter write(graph, "soft_loss");
  const auto softened = [&](Value* scores) {
    return write.op("mul", {scores, write.scalar(static_cast<float>(1 / options.temperature))});
  };
  Value *s = softened(student), *t = softened(teacher), *total = nullptr;
  if (kind == SoftLoss::Dist) {
    total = dist(write, s, t, weights);
  } else if (gives_distributions(loss)) {
    PARE_ASSIGN(Value * wanted, write.finish(write.op("softmax", {t})));
    PARE_ASSIGN(total, append_loss(graph, {.loss = Loss::Kl}, s, wanted, weights));
  } else {  // cross-entropy less what is left of it where both agree
    PARE_ASSIGN(Value * wanted, write.finish(write.op("logistic", {t})));
    PARE_ASSIGN(Value * cross, append_loss(graph, {.loss = loss}, s, wanted, weights));
    PARE_ASSIGN(Value * least, append_loss(graph, {.loss = loss}, t, wanted, weights));
    total = write.op("sub", {cross, least});
  }
  // Gradients shrink with the square of the temperature.
  return write.finish(
      write.op("mul", {total, write.scalar(static_cast<float>(options.temperature * options.temperature))}));
}

Expected<DistillationTerms> append_distillation(Graph& graph, const DistillationOptions& options, Loss loss,
                                                Value* student, const std::vector<Value*>& features,
                                                const std::vector<Shape>& shapes, Value* hard_loss, Value* weights) {
  DistillationTerms terms;
  for (size_t i = 0; i < shapes.size(); ++i) {
    Shape shape{student->type.shape[0]};
    for (int d = 0; d < shapes[i].rank(); ++d) shape.push_back(shapes[i][d]);
    terms.from_teacher.push_back(
        graph.add_input(fmt::format("teacher/{}", i == 0 ? "scores" : options.features[i - 1].teacher),
                        {DType::Float32, std::move(shape), {}}));
  }
  const Value* teacher = terms.from_teacher[0];
  if (teacher->type.shape != student->type.shape)
    return bad_input("the teacher gives {} for a batch, the student {}; both must tell the same classes apart",
                     teacher->type.shape.to_string(), student->type.shape.to_string());
  if (gives_distributions(loss) && student->type.shape.rank() != 2)
    return unsupported("the scores are {}; the batch and the classes were expected", student->type.shape.to_string());
  const double share = *settled(options, loss).soft_weight;
  GraphWriter write(graph, "distillation");
  if (hard_loss != nullptr) terms.loss = weighted_sum(write, nullptr, hard_loss, 1 - share);
  PARE_ASSIGN(Value * soft, append_soft_loss(graph, options, loss, student, terms.from_teacher[0], weights));
  terms.loss = weighted_sum(write, terms.loss, soft, share);
  for (size_t i = 0; i < features.size(); ++i) {
    PARE_ASSIGN(Value * error,
                FeatureTerm(graph, options, i).make(features[i], terms.from_teacher[i + 1], weights, terms.regressors));
    terms.loss = weighted_sum(write, terms.loss, error, options.feature_weight);
  }
  PARE_ASSIGN(terms.loss, write.finish(terms.loss));
  return terms;
}

double likeness(const Tensor& student, const Tensor& teacher, Loss loss) {
  const auto s = student.values<float>(), t = teacher.values<float>();
  PARE_CHECK(s.size() == t.size() && !s.empty());
  if (!gives_probabilities(loss)) {
    double sum = 0;
    for (size_t i = 0; i < s.size(); ++i) sum += std::pow(static_cast<double>(s[i]) - t[i], 2);
    return -sum / static_cast<double>(s.size());
  }
  const size_t width = gives_distributions(loss) ? static_cast<size_t>(student.shape()[-1]) : 1;
  size_t alike = 0;
  for (size_t at = 0; at < s.size(); at += width) {
    const auto decision = [&](std::span<const float> all) {
      const auto row = all.subspan(at, width);
      return width == 1 ? (row[0] > 0 ? 1 : 0) : std::max_element(row.begin(), row.end()) - row.begin();
    };
    alike += decision(s) == decision(t) ? 1u : 0u;
  }
  return static_cast<double>(alike) / (static_cast<double>(s.size()) / static_cast<double>(width));
}

}  // namespace pare
