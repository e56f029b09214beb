#include "steps/qat.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/quantization_options.h"
#include "cli/training_options.h"
#include "formats/formats.h"
#include "report/qat.h"

namespace pare::cli {
namespace {

struct Options {
  TrainingOptions training;
  QuantizationOptions quantization;
  QatOptions qat;
  std::string form;
  std::vector<std::string> features;
  bool no_labels = false;
};

Expected<void> run(Options& options, const Common& common, const Output& out) {
  PARE_ASSIGN(options.qat.quantization, options.quantization.finished());
  for (const std::string& name : options.features) options.training.train.distillation.features.push_back({name, name});
  QatSummary summary{.model = options.training.model, .output = options.training.output, .form = options.form};
  QatResult result;
  PARE_TRY(train_file(options.training, common, out,
                      [&](const Model& model, const DataSet& set, const TrainObserver& observer) -> Expected<Model> {
                        options.qat.train = options.training.train;
                        options.qat.use_labels = !options.no_labels;
                        PARE_ASSIGN(result, qat(model, set, options.qat, observer));
                        if (!options.form.empty()) PARE_TRY(write_model(result.form, options.form));
                        return result.quantized.model.clone();
                      }));
  summary.source_bytes = file_bytes(summary.model);
  summary.output_bytes = file_bytes(summary.output);
  PARE_ASSIGN(summary.kept, structure_in_file(result.form.main(), summary.output));
  return out.result(to_json(result, summary), [&] { return describe(result, summary); });
}

void add_rounding(CLI::App& command, Options& options) {
  const char* how = "How rounding is trained through";
  add_choice(
      command, "--ranges", options.qat.ranges,
      "Ranges of activations: learned from rounding and clipping; clip: from clipping alone; moving: averages of "
      "what is seen; fixed: as calibrated. Steps of weights are learned but with fixed")
      ->group(how);
  command
      .add_option("--freeze-ranges", options.training.train.freeze_ranges,
                  "Share of all steps after which ranges stay as they are; 1: never")
      ->check(number(0, 1))
      ->type_name("F")
      ->capture_default_str()
      ->group(how);
  command
      .add_option(
          "--freeze-statistics", options.qat.freeze_statistics,
          "The same for the statistics of batch normalisations; 0.8 where something has fewer than 8 bits, else 0 "
          "unless told")
      ->check(number(0, 1))
      ->type_name("F")
      ->group(how);
  command
      .add_option(
          "--damping", options.training.train.damping,
          "Draw weights to what they are rounded to, ever more until the end, so that they do not swing between "
          "two codes; such as 0.1; 0: not")
      ->check(number(0, 1e6))
      ->type_name("D")
      ->capture_default_str()
      ->group(how);
  command.add_flag("--no-labels", options.no_labels, "Learn from the float model alone, as if there were no labels")
      ->group(how);
  command
      .add_option(
          "--feature", options.features,
          "A value that is to stay like that of the float model, which then teaches beside the labels; names as "
          "`pare inspect --layers` shows them")
      ->type_name("NAME")
      ->group(how);
  add_feature_weight(command, options.training.train.distillation)->group(how);
  command
      .add_option("--samples", options.qat.calibration_samples,
                  "Calibration samples for the first ranges, of the split 'calibration' (or 'train')")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str()
      ->group(how);
  command
      .add_option("--form", options.form,
                  "Write the training form, too: float, rounding as the integers do; a .pare file to go on with")
      ->type_name("FILE")
      ->group(how);
}

}  // namespace

void add_qat(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  TrainOptions& train = options->training.train;
  train.epochs = 3;
  train.schedule.rate = 1e-4;
  train.freeze_ranges = 0.7;
  CLI::App* command = add_command(
      program, "qat", "Train a model through the rounding of its integers (quantisation-aware training)",
      {{"pare qat net.h5 --data set.toml -o net_int8.tflite", "int8, where `pare quantize` loses too much"},
       {"pare qat net.h5 --data set.toml -o net_w4.tflite --weight-bits 4 --epochs 10 --lr 1e-3",
        "weights of four bits"},
       {"pare qat net.tflite --data photos/ -o net_int8.tflite --no-labels", "the float model says what is right"}},
      [options](const Common& common, const Output& out) { return run(*options, common, out); });
  command
      ->add_option("MODEL", options->training.model,
                   "The float model: .tflite, .h5, .keras or .pare; of a training form the weights behind its rounding")
      ->required();
  add_choice(*command, "--mode", options->quantization.config.mode,
             "int8: int8 where there is an integer form, float elsewhere; int8_only: an error where there is none; "
             "int16x8: int16 activations; dynamic and weight_only: weights alone");
  add_training_options(*command, options->training);
  add_quantization_options(*command, options->quantization);
  add_rounding(*command, *options);
}

}  // namespace pare::cli
