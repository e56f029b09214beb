#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "report/measurements.h"
#include "steps/benchmark.h"

namespace pare::cli {

void add_bench(CLI::App& program) {
  struct Options {
    std::vector<std::string> models;
    BenchmarkOptions benchmark;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "bench", "Measure latency and memory of models on this computer",
      {{"pare bench net.tflite --threads 1",
        "median, 90th and 99th percentile and mean of one sample, arena and peak memory"},
       {"pare bench net.h5 net_int8.tflite --batch 32", "several models; a batch runs in slices over the threads"},
       {"pare bench net.tflite --profile", "the time of each operator, and which kernel ran it"}},
      [options](const Common& common, const Output& out) -> Expected<void> {
        options->benchmark.latency.threads = common.threads;
        std::vector<BenchmarkResult> results;
        for (const std::string& path : options->models) {
          out.progress(fmt::format("measuring {}", path));
          PARE_ASSIGN(BenchmarkResult result, benchmark_file(path, options->benchmark));
          results.push_back(std::move(result));
        }
        return out.result(to_json(results), [&] { return describe(results); });
      });
  LatencyOptions& latency = options->benchmark.latency.latency;
  command->add_option("MODEL", options->models, "One model or several: .tflite, .h5, .keras or .pare")->required();
  command->add_option("--batch", options->benchmark.latency.batch, "Samples a run")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  add_engine(*command, options->benchmark.latency.engine);
  command->add_flag("--profile", options->benchmark.profile, "The time of each operator too");
  command->add_option("--seconds", latency.min_seconds, "Measure for at least this long")
      ->check(number(0, kNoLimit))
      ->type_name("S")
      ->capture_default_str();
  command->add_option("--runs", latency.min_runs, "Measure at least this often")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
}

}  // namespace pare::cli
