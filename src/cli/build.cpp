#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "formats/formats.h"
#include "steps/convert.h"
#include "steps/inspect.h"
#include "train/architectures.h"
#include "train/new_head.h"

namespace pare::cli {
namespace {

struct Options {
  ArchitectureOptions network;
  std::string from, output;
};

Expected<Model> untrained(const ArchitectureOptions& options) {
  Model model;
  PARE_ASSIGN(Graph graph, build_network(options));
  model.graphs.push_back(std::move(graph));
  model.description = fmt::format("{}, untrained", to_string(options.architecture));
  return model;
}

Expected<void> run(Options& options, const Common& common, const Output& out) {
  options.network.seed = common.seed;
  PARE_TRY(check_convertible(options.output, {}));
  Model model;
  std::string what = "untrained";
  if (options.from.empty()) {
    PARE_ASSIGN(model, untrained(options.network));
  } else {
    PARE_ASSIGN(model, read_model(options.from));
    PARE_ASSIGN_IN(const NewHead head, put_new_head(model, options.network.classes, common.seed), options.from);
    what = fmt::format("'{}' is new, with {} outputs in the place of {}", head.name, options.network.classes,
                       head.classes_before);
  }
  PARE_ASSIGN(const ConvertResult written, convert(model, options.output, {}));
  PARE_TRY(write_model(written.model, options.output));
  model.source_path = options.output;
  const ModelSummary summary = inspect(model);
  return out.result({{"output", options.output},
                     {"parameters", summary.parameters.count},
                     {"multiply_adds", summary.multiply_adds.value_or(0)}},
                    [&] {
                      return fmt::format("{}: {} parameters, {} multiply-adds a sample, {}\n", options.output,
                                         summary.parameters.count, summary.multiply_adds.value_or(0), what);
                    });
}

std::string architectures() {
  std::string text = "Its shape:";
  for (size_t i = 0; i < EnumNames<Architecture>::names.size(); ++i)
    text += fmt::format(" {}: {};", EnumNames<Architecture>::names[i], summary_of(static_cast<Architecture>(i)));
  text.back() = '.';
  return text;
}

// Either an architecture or --from, each with the options that mean something there.
Expected<void> check_usage(const CLI::App& command) {
  const auto given = [&](const char* name) { return command.count(name) > 0; };
  if (given("ARCHITECTURE") == given("--from"))
    return usage_error("`pare build` takes an architecture or --from MODEL{}",
                       given("--from") ? ", not both" : "; see `pare build --help`");
  if (!given("--from")) return {};
  for (const char* option : {"--input", "--width", "--depth"})
    if (given(option)) return usage_error("{} goes with an architecture; --from keeps the network as it is", option);
  if (!given("--classes")) return usage_error("--from needs --classes: how many outputs the new head has");
  return {};
}

}  // namespace

void add_build(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "build",
      "Make an untrained network of a given width, depth and resolution, or put a new head on a trained one",
      {{"pare build lenet --input 28 28 1 -o net.pare", "then: pare train net.pare --data mnist.toml -o net.tflite"},
       {"pare build mobilenet_v1 --width 0.25 --input 96 96 3 --classes 2 -o vww.pare",
        "a person, or none, for a microcontroller"},
       {"pare build --from net.keras --classes 5 -o mine.keras",
        "then: pare train mine.keras --data mine/ --last 1 -o mine.tflite"}},
      [options, &program](const Common& common, const Output& out) -> Expected<void> {
        PARE_TRY(check_usage(*program.get_subcommand("build")));
        return run(*options, common, out);
      });
  ArchitectureOptions& network = options->network;
  static const std::string meaning = architectures();
  add_choice(*command, "ARCHITECTURE", network.architecture, meaning.c_str());
  command
      ->add_option(
          "--from", options->from,
          "In the place of an architecture: a trained float network, .tflite, .h5, .keras or .pare, whose last layer with "
          "weights is made anew for --classes")
      ->type_name("MODEL");
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
