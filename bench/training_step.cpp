// Times Trainer::step on one prepared batch: training_step NET.h5 --batch 32 --threads 2
#include "training_setup.h"
#include "eval/profile.h"
#include "train/clustering.h"
#include "train/trainer.h"

namespace pare {
namespace {

Tensor labels(int64_t batch, int64_t classes) {
  Tensor made(DType::Int32, Shape{batch});
  for (int64_t i = 0; i < batch; ++i)
    made.mutable_values<int32_t>()[static_cast<size_t>(i)] = static_cast<int32_t>(i * 7 % classes);
  return made;
}

Batch noisy_batch(const Graph& network, Loss loss, int64_t size) {
  Batch batch;
  batch.inputs = {noise(network.inputs[0]->type, size, 1)};
  const TensorType& output = network.outputs[0]->type;
  batch.targets = loss == Loss::CrossEntropy ? labels(size, output.shape[-1]) : noise(output, size, 2);
  batch.weights = Tensor(DType::Float32, Shape{size});
  std::fill_n(batch.weights.mutable_values<float>().data(), size, 1.f);
  return batch;
}

// Operator by operator, on noise in the place of weights.
Expected<void> print_profile(const Graph& network, const TrainingGraphOptions& options, const MeasuredStep& measured) {
  PARE_ASSIGN(const TrainingGraph step, make_training_graph(network, options));
  PARE_ASSIGN(
      const auto program,
      Program::compile(step.graph, {.threads = measured.threads, .batch = measured.batch, .bf16 = measured.bf16}));
  PARE_ASSIGN(const std::vector<OperatorTime> times, profile(program, 50));
  for (size_t i = 0; i < times.size(); ++i)
    print_time(times[i].milliseconds, fmt::format("{} ({})", times[i].op, times[i].implementation),
               program->steps()[i].node->result()->type.shape.to_string());
  return {};
}

Expected<nlohmann::json> run(const MeasuredStep& measured) {
  constexpr double kRate = 1e-4;
  PARE_ASSIGN(const Graph network, read_network(measured.model));
  TrainingGraphOptions options = training_options(network, measured.batch);
  if (measured.soft_clusters)
    for (const ClusteredWeights& each : codebooks_of(network)) options.soft_clusters.insert(each.weights);
  if (measured.profile) PARE_TRY(print_profile(network, options, measured));
  PARE_ASSIGN(Trainer trainer, Trainer::create(network, options, measured.threads, measured.bf16));
  const Batch batch = noisy_batch(network, options.loss.loss, measured.batch);
  PARE_ASSIGN(const Latency latency,
              measure_latency([&]() -> Expected<void> { return trainer.step(batch, kRate).map([](float) {}); },
                              measured.latency()));
  return to_json(latency);
}

}  // namespace
}  // namespace pare

int main(int argc, char** argv) { return pare::measuring_main(argc, argv, "Times one step of training", pare::run); }
