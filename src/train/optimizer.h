// How gradients become new weights, and how fast over the course of training.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ir/graph_writer.h"

namespace pare {

enum class Optimizer { Sgd, Adam, Adamw, Rmsprop };
template <>
struct EnumNames<Optimizer> {
  static constexpr std::array<std::string_view, 4> names{"sgd", "adam", "adamw", "rmsprop"};
};

struct OptimizerOptions {
  Optimizer optimizer = Optimizer::Adam;
  float momentum = 0.9f;  // sgd, rmsprop
  bool nesterov = false;  // sgd
  float decay = 0;        // of weights, decoupled; never of biases and normalisations
  float clip_norm = 0;    // largest norm of all gradients together; 0: no limit
};

enum class Schedule { Constant, Step, Polynomial, Cosine, OneCycle };
template <>
struct EnumNames<Schedule> {
  static constexpr std::array<std::string_view, 5> names{"constant", "step", "polynomial", "cosine", "one_cycle"};
};

struct ScheduleOptions {
  Schedule schedule = Schedule::Cosine;
  double rate = 1e-3;                         // the largest
  double warm_up = 0;                         // share of all steps over which the rate grows to it from 0
  double last = 0;                            // what polynomial and cosine end with, as a share of `rate`
  double power = 1;                           // of polynomial
  double factor = 0.1;                        // of step, after each of `milestones`
  std::vector<double> milestones{0.5, 0.75};  // shares of all steps
};

// The learning rate of step `step` (from 0 on) of `steps`.
// Cosine: Loshchilov and Hutter (2017). One cycle: Smith and Topin (2018), up over the first 30 % from a 25th, down to a 10,000th.
double rate_at(const ScheduleOptions& options, int64_t step, int64_t steps);

// How strongly weights are drawn to what they are rounded to: from 0 to `largest` at the end, as the rate of a cosine falls.
// Source: Nagel et al. (2022), section 4.1.
double damping_at(double largest, int64_t step, int64_t steps);

// Adam's rate corrected for the moments that began at zero; `step` counts from 1 on.
double adam_step(double rate, int64_t step);

// The momentum of an average of weights, small at first so that what they began as is soon forgotten; `step` counts from 1 on.
// Source: TensorFlow's ExponentialMovingAverage with num_updates.
double average_momentum(double largest, int64_t step);

// Something that a step of training takes in and gives out changed, in the same memory: a weight, a moment, a moving average.
struct Carried {
  Value* before;
  Value* after;
};

// The inputs of a training graph that change from step to step.
struct Rates {
  Value* rate;       // the learning rate
  Value* adam_step;  // see adam_step()
  Value* average;    // see average_momentum()
};

// Appends the update of one weight. The state that the optimiser keeps becomes inputs of the graph, zero at the beginning.
// Appends to `carried` what the step changes, the weight first.
void append_update(GraphWriter& write, Graph& graph, const OptimizerOptions& options, bool decays, Value* weight,
                   Value* gradient, const Rates& rates, std::vector<Carried>& carried);

// The gradients scaled so that their common norm is at most options.clip_norm; as they are without a limit.
std::vector<Value*> clipped(GraphWriter& write, const OptimizerOptions& options, std::vector<Value*> gradients);

}  // namespace pare
