#include "steps/run.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "report/json.h"
#include "report/summaries.h"
#include "steps/read_runnable.h"

namespace pare::cli {

void add_run(CLI::App& program) {
  struct Options {
    std::string model, input, output, dump;
    RunOptions run;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "run", "Run a model on arrays",
      {{"pare run net.tflite --input x.npy -o y.npy", "one input, one output; the batch comes first"},
       {"pare run net.tflite --input x.npz -o y.npz", "several: one entry each, named as in the model"},
       {"pare run net.tflite --input x.npy -o y.npy --engine reference --dump-tensors all.npz",
        "every tensor on the way, to compare with another runtime"}},
      [options](const Common& common, const Output& out) -> Expected<void> {
        PARE_TRY(check_arrays_writable(options->output));
        if (!options->dump.empty()) PARE_TRY(check_arrays_writable(options->dump));
        PARE_ASSIGN(const Model model, read_runnable(options->model));
        PARE_ASSIGN(const std::vector<NamedTensor> inputs, read_arrays(options->input));
        options->run.threads = common.threads;
        options->run.keep_tensors = !options->dump.empty();
        PARE_ASSIGN_IN(const RunResult result, run_model(model, inputs, options->run), options->model);
        PARE_TRY(write_arrays(options->output, result.outputs));
        if (options->run.keep_tensors) PARE_TRY(write_arrays(options->dump, result.tensors));
        return out.result(to_json(result, options->model), [&] { return describe(result, options->output); });
      });
  command->add_option("MODEL", options->model, "The model: .tflite, .h5, .keras or .pare")->required();
  command->add_option("--input", options->input, ".npy, or .npz with one array an input")
      ->required()
      ->type_name("FILE");
  add_output(*command, options->output, ".npy, or .npz with one array an output")->required();
  add_engine(*command, options->run.engine);
  command->add_option("--batch", options->run.batch, "Samples computed together; as many as suit the cache unless told")
      ->check(whole_number(1))
      ->type_name("N");
  command->add_option("--signature", options->run.signature, "The signature to call, for a model with several")
      ->type_name("KEY");
  command
      ->add_option("--dump-tensors", options->dump,
                   "Write every computed tensor to this .npz as INDEX:NAME, the index being that of the file")
      ->type_name("FILE");
}

}  // namespace pare::cli
