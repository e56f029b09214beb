#include "steps/output_sensitivity.h"

#include "engine/evaluate.h"
#include "engine/runner.h"
#include "passes/pipeline.h"
#include "train/loss.h"

namespace pare {
namespace {

Expected<std::vector<Tensor>> scores_of(const Graph& network, const SampleSource& samples, int threads) {
  Graph scored = network.clone();
  for (Value*& output : scored.outputs)
    if (output->type.dtype == DType::Float32) output = scored_value(output, default_loss(*output, true));
  scored.remove_dead();
  PARE_TRY(run_pipeline(scored, Pipeline::Canonical, evaluate));
  PARE_ASSIGN(Runner runner, Runner::create(scored, {.threads = threads}));
  return runner.outputs(samples);
}

}  // namespace

Expected<OutputSensitivity> OutputSensitivity::create(const Graph& network, SampleSource samples, int threads) {
  OutputSensitivity made;
  made.samples_ = std::move(samples);
  made.threads_ = threads;
  PARE_ASSIGN(made.outputs_, scores_of(network, made.samples_, threads));
  return made;
}

Expected<double> OutputSensitivity::of(const Graph& version) const {
  PARE_ASSIGN(const std::vector<Tensor> outputs, scores_of(version, samples_, threads_));
  double error = 0, power = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].dtype() != DType::Float32) continue;
    const auto now = outputs[i].values<float>(), before = outputs_[i].values<float>();
    for (size_t k = 0; k < now.size(); ++k) {
      const double difference = static_cast<double>(now[k]) - before[k];
      error += difference * difference;
      power += static_cast<double>(before[k]) * before[k];
    }
  }
  return power > 0 ? error / power : 0;
}

}  // namespace pare
