#include "steps/benchmark.h"

#include "engine/program.h"
#include "eval/memory.h"
#include "steps/read_runnable.h"

namespace pare {

Expected<BenchmarkResult> benchmark(const std::string& path, const Model& model, const BenchmarkOptions& options) {
  BenchmarkResult result;
  result.model = path;
  result.setting = options.latency;
  PARE_ASSIGN_IN(result.measured, measure_latency(model.main(), options.latency), path);
  if (options.profile) {
    const CompileOptions compile{
        .engine = options.latency.engine, .threads = options.latency.threads, .batch = options.latency.batch};
    PARE_ASSIGN_IN(const auto program, Program::compile(model.main(), compile), path);
    PARE_ASSIGN_IN(result.operators, profile(program, options.profile_runs), path);
  }
  result.peak_rss_bytes = peak_rss_bytes();
  return result;
}

Expected<BenchmarkResult> benchmark_file(const std::string& path, const BenchmarkOptions& options) {
  reset_peak_rss();
  PARE_ASSIGN(const Model model, read_runnable(path));
  return benchmark(path, model, options);
}

}  // namespace pare
