// Quantisation-aware training as one step: a plan as after training, training through its rounding, the integers that came of it.
#pragma once

#include "steps/quantize.h"
#include "steps/train.h"
#include "train/fake_quantization.h"

namespace pare {

struct QatOptions {
  QuantConfig quantization;
  RangeRule ranges = RangeRule::Learned;
  int64_t calibration_samples = 500;
  bool use_labels = true;  // without, and for a set that has none, the float model itself is learned from
  // See TrainOptions. Nothing: 0.8 where something has fewer than 8 bits, for then values move and statistics have to follow; else 0,
  // for those of a trained network are better than what a few samples give.
  std::optional<double> freeze_statistics;
  TrainOptions train;  // freeze_ranges and damping among others; with features the float model teaches, too
};

struct QatResult {
  QuantizeResult quantized;  // the integers, the float network that they stand for, the plan
  Model form;                // the training form at the end: float, with fake quantisation
  TrainResult training;
  int64_t calibration_samples = 0;
};

// Fails as quantize() and train() do, and for one scale a weight tensor: the scale of a channel takes the factor of its batch
// normalisation.
Expected<QatResult> qat(const Model& model, const DataSet& set, const QatOptions& options,
                        const TrainObserver& observer = {});

}  // namespace pare
