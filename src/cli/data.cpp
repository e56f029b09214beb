#include <memory>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/command.h"
#include "data/data_set.h"
#include "data/describe.h"
#include "data/make_strokes.h"
#include "report/data_text.h"

namespace pare::cli {
namespace {

void add_describe(CLI::App& data) {
  const auto path = std::make_shared<std::string>();
  CLI::App* command = add_command(data, "describe", "Show splits, classes and ranges of a data set",
                                  {{"pare data describe tests/data_sets/mnist.toml", "reads every sample once"}},
                                  [path](const Common& common, const Output& out) -> Expected<void> {
                                    PARE_ASSIGN(const DataSet set, DataSet::open(*path));
                                    PARE_ASSIGN(const std::vector<SplitSummary> splits, summarize(set, common.threads));
                                    return out.result(to_json(set, splits), [&] { return describe(set, splits); });
                                  });
  command
      ->add_option("DATA", *path,
                   "A .toml description, or directly an .npz, .csv, idx or CIFAR file or a folder of images or sounds")
      ->required();
}

void add_make(CLI::App& data) {
  struct Options {
    std::string kind, output;
    StrokesOptions strokes;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      data, "make", "Make a data set that needs no download",
      {{"pare data make strokes -o strokes", "digits drawn as distorted strokes: strokes.npz and strokes.toml"}},
      [options](const Common& common, const Output& out) -> Expected<void> {
        options->strokes.seed = common.seed;
        options->strokes.threads = common.threads;
        PARE_TRY(make_strokes(options->output, options->strokes));
        return out.result({{"kind", options->kind},
                           {"train", options->strokes.train},
                           {"test", options->strokes.test},
                           {"output", options->output}},
                          [&] {
                            return fmt::format("{} samples to train, {} to test: {}\n", options->strokes.train,
                                               options->strokes.test, options->output);
                          });
      });
  command->add_option("KIND", options->kind, "strokes: the digits 0 to 9, 28 x 28 pixels")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"strokes"}));
  add_output(*command, options->output, "Name of the pair of files")->required();
  command->add_option("--train", options->strokes.train, "Samples of the split train")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  command->add_option("--test", options->strokes.test, "Samples of the split test")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
}

void add_split(CLI::App& data) {
  struct Options {
    std::string path, output;
    double calibration = 0.05, train = 0, validation = 0, test = 0;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      data, "split", "Divide a data set by fractions that do not overlap",
      {{"pare data split photos/ --calibration 0.1 --test 0.9 -o photos.toml",
        "writes a description; the files stay where they are"}},
      [options](const Common& common, const Output& out) -> Expected<void> {
        PARE_ASSIGN(const DataSet set, DataSet::open(options->path));
        std::vector<Fraction> fractions;
        for (const auto& [split, part] :
             {std::pair(Split::Calibration, options->calibration), std::pair(Split::Train, options->train),
              std::pair(Split::Validation, options->validation), std::pair(Split::Test, options->test)})
          if (part > 0) fractions.push_back({split, part});
        PARE_ASSIGN(const Description description, divide(set, fractions, common.seed));
        PARE_TRY(write_description(description, options->output));
        return out.result({{"output", options->output}}, [&] { return describe(description, options->output); });
      });
  command->add_option("DATA", options->path, "An undivided data set")->required();
  add_output(*command, options->output, "The description to write: .toml")->required();
  for (const auto& [name, part] :
       {std::pair("--calibration", &options->calibration), std::pair("--train", &options->train),
        std::pair("--validation", &options->validation), std::pair("--test", &options->test)})
    command->add_option(name, *part, "Its share of the samples")
        ->check(number(0, 1))
        ->type_name("F")
        ->capture_default_str();
}

void add_export(CLI::App& data) {
  struct Options {
    std::string path, output;
    Split split = Split::Test;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      data, "export", "Write the samples of a split as arrays, ready for the network",
      {{"pare data export mnist.toml --split test -o test.npz", "x as the network sees it, y the labels"}},
      [options](const Common& common, const Output& out) -> Expected<void> {
        PARE_ASSIGN(const DataSet set, DataSet::open(options->path));
        PARE_ASSIGN(const DataView view, set.split(options->split));
        PARE_TRY(export_arrays(view, options->output, common.threads));
        return out.result({{"samples", view.count()}, {"output", options->output}},
                          [&] { return fmt::format("{} samples written to {}\n", view.count(), options->output); });
      });
  command->add_option("DATA", options->path, "The data set")->required();
  add_output(*command, options->output, "The file to write: .npz")->required();
  add_choice(*command, "--split", options->split, "Which samples");
}

}  // namespace

void add_data(CLI::App& program) {
  CLI::App* data = program.add_subcommand("data", "Describe, make, split or export a data set");
  data->group("Commands");
  data->require_subcommand(1);
  data->footer(
      "A data set is a .toml description (docs/data_sets.md), or directly an .npz with x and y, an idx pair, a CIFAR .bin, a folder\n"
      "of images or sounds, or a .csv; .gz and .xz are read as they are.");
  add_describe(*data);
  add_make(*data);
  add_split(*data);
  add_export(*data);
}

}  // namespace pare::cli
