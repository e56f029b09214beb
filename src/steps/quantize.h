// Post-training quantisation as one step: passes, calibration, plan, rewriting.
#pragma once

#include "base/sample_source.h"
#include "ir/model.h"
#include "passes/pipeline.h"
#include "quant/config.h"
#include "steps/layerwise.h"
#include "train/kept_structure.h"

namespace pare {

struct QuantizeOptions {
  QuantConfig config;
  int threads = 1;
  // 0: weights rounded to nearest; 1: biases corrected for the mean error of that; 2 and 3: weights rounded so that layers compute what they
  // computed before, see fit_rounding(), where there are samples.
  int effort = 1;
  LayerObserver observer;  // of that
  PipelineOptions pipeline;
  std::vector<Kept> keep;  // see keep_structure(); masks and codebooks that the model has are kept anyway
};

struct QuantizeResult {
  Model network;   // as it came, with its masks and codebooks
  Model model;     // quantised
  Model baseline;  // the float network that the plan speaks of: after the passes
  QuantPlan plan;
  std::vector<PassRecord> passes;
  struct Timing {
    double passes_ms = 0, calibration_ms = 0, planning_ms = 0;
  } timing;
};

// Passes that write what a mode has no integers for as simpler operators. Integer-only targets need every operator in a form that has
// integers; elsewhere normalisations are better off in float.
std::vector<const Pass*> expansions_for(QuantMode mode);

// The float network that a plan speaks of: folded, fused, every operand with a constant of its own.
Expected<std::vector<PassRecord>> prepare_for_quantization(Graph& graph, QuantMode mode,
                                                           const PipelineOptions& options);

// A network in training form (see train/fake_quantization.h) becomes the integers that it was trained for, whatever bits and ranges are
// asked for.
// `samples` may be null in modes that need no calibration (see needs_calibration). The model is not changed. Errors are those of
// calibrate() and make_plan(); a missing sample source where one is needed is a Usage error.
Expected<QuantizeResult> quantize(const Model& model, const SampleSource* samples, const QuantizeOptions& options);

}  // namespace pare
