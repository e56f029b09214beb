#include "steps/convert.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "formats/formats.h"
#include "report/quantization.h"

namespace pare::cli {

void add_convert(CLI::App& program) {
  struct Options {
    std::string model, output;
    ConvertOptions convert;
    WriteOptions write;
    std::vector<std::string> without;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "convert", "Write a model in another format, with the same numbers",
      {{"pare convert net.h5 -o net.tflite", "a Keras file as TFLite, batch normalisation and activations fused"},
       {"pare convert net.keras -o net.tflite --without fold_batch_normalization", "without one of the passes"},
       {"pare convert sparse.h5 -o sparse.tflite --sparse-encoding", "without the zeros that pruning left"},
       {"pare convert net.keras -o net.h5", "the other kind of Keras file, for Keras to go on with"}},
      [options](const Common&, const Output& out) -> Expected<void> {
        options->convert.pipeline.disabled.insert(options->without.begin(), options->without.end());
        PARE_ASSIGN(const Model model, read_model(options->model));
        PARE_ASSIGN(const ConvertResult result, convert(model, options->output, options->convert));
        PARE_TRY(write_model(result.model, options->output, options->write));
        return out.result(to_json(result, options->model, options->output),
                          [&] { return describe(result, options->output); });
      });
  command->add_option("MODEL", options->model, "The model: .tflite, .h5, .keras or .pare")->required();
  add_output(*command, options->output,
             "The file to write: .tflite or .pare, or for a model from a Keras file .h5 or .keras")
      ->required();
  command->add_flag(
      "--optimize", options->convert.optimize,
      "Fold and fuse also where the file takes the model as it is: from .tflite to .tflite, and to .pare");
  add_sparse_encoding(*command, options->write);
  add_without(*command, options->without);
}

}  // namespace pare::cli
