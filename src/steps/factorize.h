// Low-rank factorisation as one step: some layers become two smaller ones each.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/sample_source.h"
#include "ir/model.h"
#include "train/chosen_weights.h"

namespace pare {

struct FactorizeOptions {
  std::optional<double> macs;    // share of the network's multiply-adds that is left, at most
  std::optional<double> energy;  // or: share of its outputs' energy that each layer keeps, at least
  std::vector<std::pair<std::string, int64_t>> ranks;  // of layers by patterns of names; the first that matches counts
  WeightChoice choice;
  int threads = 1;
};

struct FactorizedLayer {
  std::string layer;
  Shape weights;
  int64_t full_rank = 0;
  std::optional<int64_t> rank;  // nothing: stays as it is
  double kept = 1;              // share of the energy of its outputs
  int64_t multiply_adds_before = 0, multiply_adds_after = 0;
};

struct FactorizeResult {
  Model model;
  std::vector<FactorizedLayer> layers;                        // that could be factorised
  int64_t multiply_adds_before = 0, multiply_adds_after = 0;  // of the network, one sample
  int64_t weights_before = 0, weights_after = 0;              // of `layers`
};

// Where `samples` are given, what is kept is judged by what the layers give for them, otherwise by the weights alone. The network is left
// unfolded, so that it can be trained. Usage errors for options that contradict each other or ask for nothing; Unsupported for a network
// without such layers, for one in its training form, and for a budget below what ranks of 1 would cost.
Expected<FactorizeResult> factorize(const Model& model, const SampleSource* samples, const FactorizeOptions& options);

}  // namespace pare
