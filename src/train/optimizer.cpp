#include "train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ops/updates.h"

namespace pare {
namespace {

double cosine(double from, double to, double progress) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

double one_cycle(double rate, double progress) {
  constexpr double kRising = 0.3;
  return progress < kRising ? cosine(rate / 25, rate, progress / kRising)
                            : cosine(rate, rate / 10'000, (progress - kRising) / (1 - kRising));
}

}  // namespace

double rate_at(const ScheduleOptions& options, int64_t step, int64_t steps) {
  const double all = static_cast<double>(std::max<int64_t>(steps, 1)), at = static_cast<double>(step);
  const double warm_up = options.warm_up * all;
  if (at < warm_up) return options.rate * (at + 1) / warm_up;
  const double progress = std::min(1., (at - warm_up) / std::max(1., all - warm_up));
  const double last = options.last * options.rate;
  switch (options.schedule) {
    case Schedule::Constant: return options.rate;
    case Schedule::Step: {
      const auto passed = std::count_if(options.milestones.begin(), options.milestones.end(),
                                        [&](double milestone) { return at >= milestone * all; });
      return options.rate * std::pow(options.factor, static_cast<double>(passed));
    }
    case Schedule::Polynomial: return last + (options.rate - last) * std::pow(1 - progress, options.power);
    case Schedule::Cosine: return cosine(options.rate, last, progress);
    case Schedule::OneCycle: return one_cycle(options.rate, at / all);
  }
  return options.rate;
}

double damping_at(double largest, int64_t step, int64_t steps) {
  return cosine(0, largest, static_cast<double>(step) / static_cast<double>(std::max<int64_t>(steps, 1)));
}

double adam_step(double rate, int64_t step) {
  const AdamAttributes defaults;
  const auto t = static_cast<double>(step);
  return rate * std::sqrt(1 - std::pow(static_cast<double>(defaults.beta_2), t)) /
         (1 - std::pow(static_cast<double>(defaults.beta_1), t));
}

double average_momentum(double largest, int64_t step) {
  const auto t = static_cast<double>(step);
  return std::min(largest, (1 + t) / (10 + t));
}

void append_update(GraphWriter& write, Graph& graph, const OptimizerOptions& options, bool decays, Value* weight,
                   Value* gradient, const Rates& rates, std::vector<Carried>& carried) {
  std::vector<Value*> kept;
  const auto keep = [&](std::string_view what) {
    kept.push_back(graph.add_input(fmt::format("{}/{}", weight->name, what), weight->type));
    return kept.back();
  };
  const float decay = decays ? options.decay : 0;
  std::vector<Value*> updated;
  switch (options.optimizer) {
    case Optimizer::Sgd:
      updated = write.ops("sgd_update", {weight, gradient, keep("velocity"), rates.rate}, 2,
                          SgdAttributes{.momentum = options.momentum, .nesterov = options.nesterov, .decay = decay});
      break;
    case Optimizer::Adam:
    case Optimizer::Adamw: {
      Value *m = keep("m"), *v = keep("v");
      updated = write.ops("adam_update", {weight, gradient, m, v, rates.rate, rates.adam_step}, 3,
                          AdamAttributes{.decay = decay});
      break;
    }
    case Optimizer::Rmsprop: {
      Value *square = keep("square"), *velocity = keep("velocity");
      updated = write.ops("rmsprop_update", {weight, gradient, square, velocity, rates.rate}, 3,
                          RmspropAttributes{.momentum = options.momentum, .decay = decay});
      break;
    }
  }
  carried.push_back({weight, updated[0]});
  for (size_t i = 0; i < kept.size(); ++i) carried.push_back({kept[i], updated[i + 1]});
}

std::vector<Value*> clipped(GraphWriter& write, const OptimizerOptions& options, std::vector<Value*> gradients) {
  if (options.clip_norm <= 0) return gradients;
  Value* total = nullptr;
  for (Value* gradient : gradients) {
    Value* all = write.dimensions(0, gradient->type.shape.rank());
    Value* square = write.op("sum", {write.op("square", {gradient}), all});
    total = total == nullptr ? square : write.op("add", {total, square});
  }
  Value* norm = write.op("maximum", {write.op("sqrt", {total}), write.scalar(options.clip_norm)});
  Value* factor = write.op("div", {write.scalar(options.clip_norm), norm});
  for (Value*& gradient : gradients) gradient = write.op("mul", {gradient, factor});
  return gradients;
}

}  // namespace pare
