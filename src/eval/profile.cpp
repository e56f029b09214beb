#include "eval/profile.h"

#include <chrono>
#include <unordered_map>

#include "eval/latency.h"

namespace pare {

Expected<std::vector<OperatorTime>> profile(const std::shared_ptr<const Program>& program, int64_t runs) {
  using Clock = std::chrono::steady_clock;
  constexpr int64_t kWarmUp = 3;
  Context context(program);
  std::vector<Tensor> inputs;
  for (size_t i = 0; i < program->graph().inputs.size(); ++i)
    inputs.push_back(noise(program->graph().inputs[i]->type, program->options().batch, i + 1));
  PARE_TRY(context.set_inputs(inputs));

  const std::vector<Step>& steps = program->steps();
  std::unordered_map<const Value*, size_t> step_of;
  for (size_t i = 0; i < steps.size(); ++i)
    for (const Value* result : steps[i].node->results) step_of[result] = i;
  // The observer is called when a result is there: the time since the last call is that operator's.
  std::vector<std::vector<double>> times(steps.size());
  for (int64_t run = -kWarmUp; run < runs; ++run) {
    std::vector<double> taken(steps.size(), 0);
    Clock::time_point last = Clock::now();
    context.run([&](const Value& value, const void*) {
      const Clock::time_point now = Clock::now();
      if (const auto step = step_of.find(&value); step != step_of.end())
        taken[step->second] += std::chrono::duration<double, std::milli>(now - last).count();
      last = Clock::now();
    });
    for (size_t i = 0; i < steps.size() && run >= 0; ++i) times[i].push_back(taken[i]);
  }
  std::vector<OperatorTime> profile;
  double sum = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    const Node& node = *steps[i].node;
    const int64_t multiply_adds = node.op().cost != nullptr ? node.op().cost(node).multiply_adds : 0;
    profile.push_back({node.name, std::string(node.op().name), std::string(steps[i].implementation),
                       summarize_times(std::move(times[i])).median, 0, multiply_adds});
    sum += profile.back().milliseconds;
  }
  for (OperatorTime& each : profile) each.share = sum > 0 ? each.milliseconds / sum : 0;
  return profile;
}

}  // namespace pare
