#include "quant/calibrate.h"

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "engine/runner.h"

namespace pare {
namespace {

// One thread's share of the work.
struct Collector {
  std::unordered_map<std::string, Statistics> statistics;
  int64_t samples = 1;  // in the slice being run; the last one is shorter
  struct Fault {
    std::string tensor;
    int64_t sample;
    float value;
  };
  std::optional<Fault> fault;  // the first in the slice being run

  void observe(const Value& value, const void* data, bool sums) {
    if (value.type.dtype != DType::Float32 || fault) return;
    const Shape& shape = value.type.shape;
    const std::span<const float> values(static_cast<const float*>(data), static_cast<size_t>(shape.elements()));
    // A value that does not run along the batch counts as one sample.
    const int64_t rows = shape.rank() == 0 || shape[0] % samples != 0 ? 1 : samples;
    const int64_t channels = shape.rank() == 0 ? 1 : shape[-1];
    const int64_t at = statistics[value.name].add(values, rows, channels, sums);
    if (at >= 0)
      fault = Fault{value.name, at / std::max<int64_t>(1, shape.elements() / rows), values[static_cast<size_t>(at)]};
  }
};

}  // namespace

Expected<StatisticsMap> calibrate(const Graph& graph, const SampleSource& source, const CalibrateOptions& options) {
  if (source.count == 0) return bad_input("there are no calibration samples, at least one was expected");
  PARE_ASSIGN(Runner runner, Runner::create(graph, {.threads = options.threads, .fuse = false}));
  std::vector<Collector> collectors(static_cast<size_t>(std::max(1, options.threads)));
  const std::string first_input = graph.inputs.empty() ? std::string() : graph.inputs.front()->name;
  const auto observe = [&](int thread, const Value& value, const void* data) {
    Collector& collector = collectors[static_cast<size_t>(thread)];
    if (value.name == first_input)
      collector.samples = value.type.shape.rank() == 0 ? 1 : std::max<int64_t>(1, value.type.shape[0]);
    collector.observe(value, data, options.channel_sums.contains(value.name));
  };
  const auto check = [&](const Runner::Slice& done) -> Expected<void> {
    const auto& fault = collectors[static_cast<size_t>(done.thread)].fault;
    if (!fault) return {};
    return Failure(Error{
        ErrorCode::BadInput,
        fmt::format(
            "tensor '{}' is {} for sample {}; finite values were expected: check the sample and its preprocessing",
            fault->tensor, fault->value, done.first + fault->sample),
        "calibration", nullptr});
  };
  PARE_TRY(runner.run(source, check, observe));
  StatisticsMap all;
  for (const Collector& collector : collectors)
    for (const auto& [name, statistics] : collector.statistics) all[name].merge(statistics);
  return all;
}

}  // namespace pare
