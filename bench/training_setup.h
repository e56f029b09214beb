// What the two programs that measure training share: how a network is trained, and how times are printed.
#pragma once

#include <CLI/CLI.hpp>

#include <iostream>
#include <nlohmann/json.hpp>

#include "eval/latency.h"
#include "formats/formats.h"
#include "passes/inline_composites.h"
#include "train/training_graph.h"

namespace pare {

struct MeasuredStep {
  std::string model;
  int64_t batch = 32;
  int threads = 2;
  double seconds = 2;
  bool bf16 = false, soft_clusters = false;
  bool profile = false;

  void add_options(CLI::App& program) {
    program.add_option("MODEL", model, "A model file with one input, of whatever format")->required();
    program.add_option("--batch", batch, "Samples a step")->capture_default_str();
    program.add_option("--threads", threads, "Threads")->capture_default_str();
    program.add_option("--seconds", seconds, "Measuring time after the warm-up")->capture_default_str();
    program.add_flag("--bf16", bf16, "Products of bfloat16");
    program.add_flag("--soft-clusters", soft_clusters, "Weights with codebooks as shares of all centroids");
    program.add_flag("--profile", profile, "Also the time of each operator");
  }
  LatencyOptions latency() const { return {.warm_up = 20, .min_seconds = seconds, .min_runs = 40}; }
};

// The network as `pare train` takes it.
inline Expected<Graph> read_network(const std::string& path) {
  PARE_ASSIGN(Model model, read_model(path));
  PARE_TRY(inline_composites(model));
  if (model.main().inputs.size() != 1) return unsupported("the network has {} inputs", model.main().inputs.size());
  return model.main().clone();
}

// Adam; cross-entropy for a classifier.
inline TrainingGraphOptions training_options(const Graph& network, int64_t batch) {
  return {.batch = batch, .loss = {.loss = default_loss(*network.outputs.at(0), /*judged_by_class=*/true)}};
}

inline nlohmann::json to_json(const Latency& latency) {
  return {
      {"runs", latency.runs},
      {"step_ms", {{"median", latency.median}, {"min", latency.min}, {"p90", latency.p90}, {"mean", latency.mean}}}};
}

// One line of a profile on standard error, the result on standard output: so the last line there is JSON.
inline void print_time(double milliseconds, std::string_view what, std::string_view detail) {
  std::cerr << fmt::format("{:9.4f} ms  {:36} {}\n", milliseconds, what, detail);
}

// The body of main(): parses, runs, says what failed.
template <class Run>
int measuring_main(int argc, char** argv, const char* description, Run run) {
  CLI::App program(description);
  MeasuredStep measured;
  measured.add_options(program);
  CLI11_PARSE(program, argc, argv);
  const Expected<nlohmann::json> result = run(measured);
  if (!result) {
    std::cerr << result.error().to_string() << "\n";
    return exit_status(result.error().code);
  }
  std::cout << result->dump() << "\n";
  return 0;
}

}  // namespace pare
