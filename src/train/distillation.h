// Learning from another network: losses that draw a student towards what its teacher makes of the same samples.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "train/loss.h"

namespace pare {

// kl: divergence of the softened distributions, Hinton et al. (2015). dist: how well their rows and columns correlate, Huang et al.
// (2022). mse: squared distance of the scores, Ba and Caruana (2014); the one for networks that give no probabilities.
enum class SoftLoss { Kl, Dist, Mse };
template <>
struct EnumNames<SoftLoss> {
  static constexpr std::array<std::string_view, 3> names{"kl", "dist", "mse"};
};

// A value of the student that is to become like one of the teacher; by their names.
struct FeaturePair {
  std::string student, teacher;
};

struct DistillationOptions {
  std::optional<SoftLoss> soft_loss;  // see settled()
  double temperature = 4;             // that the scores are divided by; of kl and dist
  std::optional<double> soft_weight;  // share of the soft loss, the rest is that of the targets; see settled()
  std::vector<FeaturePair> features;
  double feature_weight = 1;
  bool use_targets = true;  // off: only the teacher is learned from
  uint64_t seed = 1;        // of the first weights of regressors
};

// With what was left open: the soft loss dist for classes, kl for sigmoids, mse for what is not a probability. Its share is 1 without
// targets, 0.5 of dist, which gives its three terms the weights 1, 2 and 2 of the paper, else 0.9.
DistillationOptions settled(DistillationOptions options, Loss loss);

// Whether scores are logits of probabilities under a loss.
bool gives_probabilities(Loss loss);

// Fails for numbers out of range, and where `loss`, that of the targets, takes no probabilities and the soft loss does.
Expected<void> check_distillation(const DistillationOptions& options, Loss loss);

// Appends the soft loss of a batch, a scalar. `student` and `teacher` are scores [N, ...], logits where `loss` takes probabilities;
// `weights` [N] are those of the samples; the columns of dist are taken over all samples alike.
Expected<Value*> append_soft_loss(Graph& graph, const DistillationOptions& options, Loss loss, Value* student,
                                  Value* teacher, Value* weights);

// A learned projection of the channels of a feature of the student onto the width of the teacher's.
struct Regressor {
  Value *weights, *bias;  // inputs of the graph
  Tensor initial_weights, initial_bias;
};

// What a step of training holds of distillation.
struct DistillationTerms {
  Value* loss = nullptr;             // the whole
  std::vector<Value*> from_teacher;  // inputs of the graph: scores, then features
  std::vector<Regressor> regressors;
};

// Appends (1 - share) * `hard_loss` + share * soft loss + feature_weight * sum of the features' mean squared errors (Romero et al. 2015),
// each divided by the mean square of the teacher's feature in the batch, so that layers of any scale count alike.
// `features` are those of the student; `shapes` are those of what the teacher gives, see Scorer::shapes(). Fails where they do not fit.
Expected<DistillationTerms> append_distillation(Graph& graph, const DistillationOptions& options, Loss loss,
                                                Value* student, const std::vector<Value*>& features,
                                                const std::vector<Shape>& shapes, Value* hard_loss, Value* weights);

// How alike two networks are on the same samples; larger is better. With probabilities the share of decisions (classes, or outputs of a
// sigmoid above a half) that agree, else the negative mean squared difference.
double likeness(const Tensor& student, const Tensor& teacher, Loss loss);

}  // namespace pare
