#include "steps/quantize.h"

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/quantization_options.h"
#include "formats/formats.h"
#include "quant/choose_precision.h"
#include "report/quantization.h"
#include "steps/convert.h"
#include "steps/samples.h"

namespace pare::cli {
namespace {

struct Options {
  std::string model, output, data;
  int64_t samples = 500;
  QuantizationOptions quantization;
  QuantizeOptions quantize;
  WriteOptions write;
  std::vector<std::string> without;
  bool explain = false;
};

// Samples read so far, on the terminal.
SampleSource with_progress(SampleSource source, const Output& out) {
  const auto done = std::make_shared<std::atomic<int64_t>>(0);
  return {source.count, [source, done, &out](int64_t first, int64_t size) {
            out.progress(fmt::format("calibrating: {} of {} samples", *done += size, source.count));
            return source.read(first, size);
          }};
}

Expected<void> run(Options& options, const Common& common, const Output& out) {
  options.quantize.threads = common.threads;
  options.quantize.observer = layer_progress(out);
  PARE_ASSIGN(options.quantize.config, options.quantization.finished());
  options.quantize.pipeline.disabled.insert(options.without.begin(), options.without.end());
  PARE_TRY(check_convertible(options.output, {.optimize = true}));
  PARE_ASSIGN(const Model model, read_model(options.model));
  QuantizeSummary summary{options.model, options.output, 0, file_bytes(options.model), 0};
  std::optional<SampleSource> samples;
  if (!options.data.empty() && (needs_calibration(options.quantize.config.mode) || options.quantize.effort > 1)) {
    PARE_ASSIGN(const SampleSource source, calibration_source(model.main(), options.data, options.samples));
    samples = with_progress(source, out);
    summary.samples = source.count;
  }
  if (options.data.empty() && options.quantize.effort > 1)
    return usage_error("--effort {} needs samples that weights are rounded for; give them with --data",
                       options.quantize.effort);
  PARE_ASSIGN_IN(const QuantizeResult result, quantize(model, samples ? &*samples : nullptr, options.quantize),
                 options.model);
  PARE_ASSIGN(const ConvertResult written,
              convert(result.model, options.output, {.optimize = true, .pipeline = options.quantize.pipeline}));
  PARE_TRY(write_model(written.model, options.output, options.write));
  summary.output_bytes = file_bytes(options.output);
  PARE_ASSIGN(summary.kept, structure_in_file(result.network.main(), options.output));
  summary.unmatched_patterns = unmatched_patterns(result.baseline.main(), options.quantize.config);
  return out.result(to_json(result, summary), [&] { return describe(result, summary, options.explain); });
}

void add_options(CLI::App& command, Options& options) {
  QuantConfig& config = options.quantization.config;
  command.add_option("MODEL", options.model, "The float model: .tflite, .h5, .keras or .pare")->required();
  add_output(command, options.output, "The file to write: .tflite or .pare")->required();
  add_sparse_encoding(command, options.write);
  add_choice(
      command, "--mode", config.mode,
      "int8: int8 where there is an integer form, float elsewhere; int8_only: an error where there is none; int16x8: int16 activations; "
      "dynamic: int8 weights; weight_only: int8 weights restored before use; fp16: half-precision weights");
  command
      .add_option("--data", options.data,
                  "Data set to calibrate on; needed by int8, int8_only, int16x8 and by --effort 2")
      ->type_name("DATA");
  command
      .add_option("--samples", options.samples,
                  "Calibration samples, the first of the split 'calibration' (or 'train')")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--explain", options.explain, "One line an operator: its precision, why, and what would change it");

  add_keep(command, options.quantize.keep);
  add_quantization_options(command, options.quantization);
  command
      .add_option(
          "--effort", options.quantize.effort,
          "0: nearest rounding; 1: biases corrected; from 2 on: weights rounded, layer after layer, so that what they "
          "compute changes least")
      ->check(whole_number(0, 3))
      ->type_name("N")
      ->capture_default_str()
      ->group("How ranges and weights are chosen");
  command
      .add_option("--smallest-weights", config.smallest_weights,
                  "dynamic and weight_only leave tensors with fewer elements alone")
      ->check(whole_number(0))
      ->type_name("N")
      ->capture_default_str()
      ->group("Where");
  add_without(command, options.without);
}

}  // namespace

void add_quantize(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(program, "quantize", "Make a model smaller and faster by storing its numbers in fewer bits",
                  {{"pare quantize net.h5 --data samples.npz -o net_int8.tflite",
                    "int8 weights and activations; ranges from the samples"},
                   {"pare quantize net.tflite --mode int8_only --io int8 --data photos.toml -o net_int8.tflite",
                    "integers alone, for microcontrollers and accelerators"},
                   {"pare quantize net.keras --mode dynamic -o net_dynamic.tflite", "int8 weights, no samples needed"},
                   {"pare quantize net.h5 --data samples.npz -o net_int8.tflite --exclude 'head/*' --explain",
                    "parts stay float, with the reason of each operator"}},
                  [options](const Common& common, const Output& out) { return run(*options, common, out); });
  add_options(*command, *options);
}

}  // namespace pare::cli
