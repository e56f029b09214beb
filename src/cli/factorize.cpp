#include "steps/factorize.h"

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "report/factorize.h"
#include "steps/convert.h"
#include "steps/samples.h"

namespace pare::cli {
namespace {

struct Options {
  std::string model, output, data;
  int64_t samples = 256;
  std::vector<std::string> ranks;
  FactorizeOptions factorize;
};

// "PATTERN=16"
Expected<std::pair<std::string, int64_t>> parse_rank(const std::string& text) {
  const auto [pattern, number] = pattern_and_value(text);
  int64_t rank = 0;
  const char* end = number.data() + number.size();
  if (pattern.empty() || std::from_chars(number.data(), end, rank).ptr != end || rank < 1)
    return usage_error("--rank: '{}' was given, PATTERN=R was expected, such as 'block_1*=16'", text);
  return std::pair{pattern, rank};
}

Expected<void> check_output(const std::string& output) {
  PARE_ASSIGN(const FileFormat format, format_of(output));
  if (format == FileFormat::KerasH5 || format == FileFormat::KerasArchive)
    return usage_error("{}: a Keras file keeps the layers of the network that it came from; write .tflite or .pare",
                       output);
  return check_convertible(output, {});
}

Expected<void> run(Options& options, const Common& common, const Output& out) {
  PARE_TRY(check_output(options.output));
  options.factorize.threads = common.threads;
  for (const std::string& each : options.ranks) {
    PARE_ASSIGN(auto rank, parse_rank(each));
    options.factorize.ranks.push_back(std::move(rank));
  }
  PARE_ASSIGN(const Model model, read_model(options.model));
  FactorizeSummary summary{.model = options.model, .output = options.output};
  std::optional<SampleSource> samples;
  if (!options.data.empty()) {
    PARE_ASSIGN(samples, calibration_source(model.main(), options.data, options.samples));
    summary.samples = samples->count;
  }
  PARE_ASSIGN_IN(const FactorizeResult result, factorize(model, samples ? &*samples : nullptr, options.factorize),
                 options.model);
  PARE_TRY(write_as(result.model, options.output));
  summary.source_bytes = file_bytes(options.model);
  summary.output_bytes = file_bytes(options.output);
  return out.result(to_json(result, summary), [&] { return describe(result, summary); });
}

void add_how_far(CLI::App& command, Options& options) {
  const char* how_far = "How far";
  command
      .add_option("--macs", options.factorize.macs,
                  "Share of the network's multiply-adds that is left; ranks follow from what each layer loses")
      ->check(number(0, 1))
      ->type_name("F")
      ->group(how_far);
  command.add_option("--energy", options.factorize.energy, "Instead: share of the energy that each layer keeps")
      ->check(number(0, 1))
      ->type_name("F")
      ->group(how_far);
  command.add_option("--rank", options.ranks, "The rank of layers of these names, such as 'block_1*=16'")
      ->type_name("PATTERN=R")
      ->group(how_far);
  add_weight_choice(command, options.factorize.choice, "all dense layers and convolutions but depthwise ones", how_far);
}

}  // namespace

void add_factorize(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "factorize", "Replace layers by two smaller ones of a low rank",
      {{"pare factorize net.h5 -o small.tflite --macs 0.6 --data set.toml", "four tenths of the multiply-adds less"},
       {"pare factorize net.h5 -o small.pare --macs 0.5 --data set.toml", "then: pare train small.pare"},
       {"pare factorize net.tflite -o small.tflite --energy 0.95", "what each layer can spare, by its weights alone"}},
      [options](const Common& common, const Output& out) { return run(*options, common, out); });
  command->add_option("MODEL", options->model, "The float model: .tflite, .h5, .keras or .pare")->required();
  add_output(*command, options->output, "The file to write: .tflite or .pare")->required();
  command
      ->add_option("--data", options->data,
                   "Data set whose samples say what matters; without, the weights alone do, at a loss of accuracy")
      ->type_name("DATA");
  command->add_option("--samples", options->samples, "How many of them")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  add_how_far(*command, *options);
}

}  // namespace pare::cli
