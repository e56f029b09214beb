#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "formats/formats.h"
#include "steps/convert.h"
#include "steps/inspect.h"
#include "train/architectures.h"

namespace pare::cli {
namespace {

struct Options {
  ArchitectureOptions network;
  std::string output;
};

Expected<void> run(Options& options, const Common& common, const Output& out) {
  options.network.seed = common.seed;
  PARE_TRY(check_convertible(options.output, {}));
  Model model;
  PARE_ASSIGN(Graph graph, build_network(options.network));
  model.graphs.push_back(std::move(graph));
  model.description = fmt::format("{}, untrained", to_string(options.network.architecture));
  PARE_ASSIGN(const ConvertResult written, convert(model, options.output, {}));
  PARE_TRY(write_model(written.model, options.output));
  model.source_path = options.output;
  const ModelSummary summary = inspect(model);
  return out.result({{"output", options.output},
                     {"parameters", summary.parameters.count},
                     {"multiply_adds", summary.multiply_adds.value_or(0)}},
                    [&] {
                      return fmt::format("{}: {} parameters, {} multiply-adds a sample, untrained\n", options.output,
                                         summary.parameters.count, summary.multiply_adds.value_or(0));
                    });
}

std::string architectures() {
  std::string text = "Its shape:";
  for (size_t i = 0; i < EnumNames<Architecture>::names.size(); ++i)
    text += fmt::format(" {}: {};", EnumNames<Architecture>::names[i], summary_of(static_cast<Architecture>(i)));
  text.back() = '.';
  return text;
}

}  // namespace

void add_build(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "build", "Make an untrained network of a given width, depth and resolution",
      {{"pare build lenet --input 28 28 1 -o net.pare", "then: pare train net.pare --data mnist.toml -o net.tflite"},
       {"pare build mobilenet_v1 --width 0.25 --input 96 96 3 --classes 2 -o vww.pare", ""}},
      [options](const Common& common, const Output& out) { return run(*options, common, out); });
  ArchitectureOptions& network = options->network;
  static const std::string meaning = architectures();
  add_choice(*command, "ARCHITECTURE", network.architecture, meaning.c_str())->required();
  command->add_option("--input", network.input, "A sample: height, width, channels")
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--classes", network.classes, "Outputs of a classifier")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--width", network.width, "Factor of all channels, rounded to multiples of 8")
      ->check(number(0.01, 100))
      ->type_name("F")
      ->capture_default_str();
  command
      ->add_option("--depth", network.depth, "Blocks a stage (resnet), blocks (ds_cnn), layers (mlp); 0: as published")
      ->check(whole_number(0, 1000))
      ->type_name("N")
      ->capture_default_str();
  add_output(*command, options->output, "The file to write: .pare keeps it trainable as it is")->required();
}

}  // namespace pare::cli
