// Training as one step: a network and a data set in, the network with new weights out.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "data/data_set.h"
#include "eval/evaluate.h"
#include "ir/model.h"
#include "train/distillation.h"
#include "train/fit.h"
#include "train/kept_structure.h"

namespace pare {

// Operators of this name pattern train at so many times the learning rate.
struct RateFactor {
  std::string pattern;
  double factor = 1;
};

struct TrainOptions {
  int64_t epochs = 5, batch = 32;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  std::optional<Loss> loss;  // nothing: see default_loss()
  float smoothing = 0;
  double validation =
      0.1;  // share of the training samples held out where the set has no split for it; 0: no validation
  int64_t patience = 0;
  bool balanced = false;             // classes weigh alike, however many samples each has
  std::vector<float> class_weights;  // of the samples of each class; empty: all 1
  std::vector<std::string> freeze;   // patterns of nodes that stay as they are
  std::vector<RateFactor> rates;     // of several that match an operator the last counts
  int64_t last = 0;                  // train the last so many nodes with weights only; 0: all
  float statistics_momentum = 0.99f;
  // Shares of all steps after which ranges of fake quantisation and statistics of batch normalisations stay as they are; 1: never.
  double freeze_ranges = 1, freeze_statistics = 1;
  double best_from = 0;                                // see FitOptions
  double damping = 0;                                  // of oscillating weights, see damping_at(); 0: none
  std::map<std::string, std::string> settings = {};    // what else the course of a run hangs on; --resume compares it
  double average = 0;                                  // see TrainingGraphOptions
  bool dropout = true;                                 // likewise
  MaskStatistic mask_statistic = MaskStatistic::None;  // likewise
  std::set<std::string> soft_clusters = {};            // likewise
  std::vector<Kept> keep;  // see keep_structure(); masks and codebooks of the model are kept anyway
  uint64_t seed = 1;
  int threads = 1;
  bool bf16 = false;  // see KernelRequest; scores are computed in float32
  std::function<Expected<void>(Trainer&, int64_t steps)> before_step = {};  // see FitCallbacks
  const Model* teacher = nullptr;  // learned from, see distillation.h; it must outlive the run
  DistillationOptions distillation;
  std::string checkpoint;  // the .pare file that keeps the state of the run; empty: none is kept
  bool resume = false;     // takes the run of that file up again
  std::string log;         // the folder that keeps the course of the run, see TrainingLog; empty: none
};

struct TrainObserver {
  std::function<void()> on_teacher = [] {};  // before it looks at the samples, which may take a while
  std::function<void(const Progress&)> on_step = [](const Progress&) {};
  std::function<void(const EpochRecord&)> on_epoch = [](const EpochRecord&) {};
};

// What the score of an epoch is: of the validation samples' targets, or of what the teacher makes of them.
enum class Criterion { Accuracy, Mse, Agreement, TeacherMse };
template <>
struct EnumNames<Criterion> {
  static constexpr std::array<std::string_view, 4> names{"accuracy", "mse", "agreement", "teacher_mse"};
};

struct DistillationRecord {
  std::string teacher;  // its file
  DistillationOptions options;
  bool kept = false;            // what the teacher made of the samples was kept in memory
  std::optional<double> score;  // of the teacher, on the validation samples, where they have targets
};

struct TrainResult {
  Model model;
  Loss loss = Loss::CrossEntropy;
  Criterion criterion = Criterion::Accuracy;
  FitResult fit;
  std::optional<DistillationRecord> distillation;
  int64_t train_samples = 0, validation_samples = 0;
  int64_t trained_parameters = 0;
  std::vector<int64_t> empty_classes;  // without a training sample; with `balanced` or `class_weights`
};

// The network as it is teaches what it becomes: beside the labels, or in their place where they are not used or the set has none.
struct SelfTeaching {
  bool use_labels = true, use_teacher = false;
};
Expected<void> teach_itself(const Model& model, const DataSet& set, const SelfTeaching& how, TrainOptions& options);

// What is made small: what the options say; else what suits the output of the network and the samples, or without targets the output alone.
Loss loss_of(const Value& output, const DataView& view, const TrainOptions& options);

// Trains on the split 'train' (all samples of an undivided set); validates on the split 'validation' or a held-out share; the weights
// of the best epoch are kept. The model must be float; composites are replaced by their plain operators. A set without targets needs a
// teacher; then the epoch is the best after which the network is most like it.
Expected<TrainResult> train(const Model& model, const DataSet& set, const TrainOptions& options,
                            const TrainObserver& observer = {});

}  // namespace pare
