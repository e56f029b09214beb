#include "steps/prune.h"

#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/one_shot_options.h"
#include "cli/structured_options.h"
#include "report/prune.h"

namespace pare::cli {
namespace {

struct Options {
  TrainingOptions training;
  PruneOptions prune;
  StructuredOptions structured;
  OneShotOptions one_shot;
  std::string block, n_of_m;
};

// Whole numbers between separators: "1x4", "2:4".
Expected<std::vector<int64_t>> numbers(const std::string& text, char separator, const char* option,
                                       const char* example) {
  std::vector<int64_t> found;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    int64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data() + begin, text.data() + end, number);
    if (error != std::errc() || stop != text.data() + end)
      return usage_error("{}: '{}' was given, numbers such as {} were expected", option, text, example);
    found.push_back(number);
    begin = end + 1;
  }
  return found;
}

Expected<void> read_pattern(Options& options) {
  SparsityPattern& pattern = options.prune.pruning.pattern;
  if (!options.block.empty()) { PARE_ASSIGN(pattern.block, numbers(options.block, 'x', "--block", "4x1")); }
  if (options.n_of_m.empty()) return {};
  PARE_ASSIGN(const std::vector<int64_t> both, numbers(options.n_of_m, ':', "--n-of-m", "2:4"));
  if (both.size() != 2)
    return usage_error("--n-of-m: '{}' was given, two numbers such as 2:4 were expected", options.n_of_m);
  pattern.n = both[0];
  pattern.m = both[1];
  return {};
}

// What both kinds of pruning take, for whole channels.
Expected<void> run_on_channels(Options& options, const CLI::App& command, const Common& common, const Output& out) {
  PruneChannelsOptions& prune = options.structured.prune;
  const PruningOptions& given = options.prune.pruning;
  prune.narrow.include = given.choice.include;
  prune.narrow.exclude = given.choice.exclude;
  prune.teaching = options.prune.teaching;
  if (command.count("--budget") > 0) {
    const auto budget = parse_enum<ChannelBudget>(to_string(given.budget));
    if (!budget)
      return usage_error("--budget: {} was given, {} was expected with --structured", to_string(given.budget),
                         fmt::join(EnumNames<ChannelBudget>::names, " or "));
    prune.narrow.budget = *budget;
  }
  return run_structured(options.training, options.structured, common, out);
}

// Fails where options of one way to prune were typed with another.
Expected<void> check_way(const CLI::App& command, const Options& options) {
  if (command.count("--one-shot") > 0) return check_one_shot(command);
  if (command.count("--data") == 0) return usage_error("--data is required: the samples to train on");
  return check_structured(command, options.structured);
}

Expected<void> run(Options& options, const CLI::App& command, const Common& common, const Output& out) {
  PARE_TRY(check_way(command, options));
  if (options.structured.structured) return run_on_channels(options, command, common, out);
  PARE_TRY(read_pattern(options));
  SparsitySchedule& schedule = options.prune.pruning.schedule;
  const SparsityPattern& pattern = options.prune.pruning.pattern;
  PARE_TRY(check_pattern(pattern));
  if (pattern.is_n_of_m() && command.count("--sparsity") == 0) schedule.final = pattern.largest_sparsity();
  if (command.count("--one-shot") > 0)
    return run_one_shot(options.training, options.one_shot, options.prune.pruning, options.structured.prune.samples,
                        command, common, out);
  PruneResult result;
  PARE_TRY(train_file(options.training, common, out,
                      [&](const Model& model, const DataSet& set, const TrainObserver& observer) -> Expected<Model> {
                        options.prune.train = options.training.train;
                        PARE_ASSIGN(result, prune(model, set, options.prune, observer));
                        return result.model.clone();
                      }));
  PARE_ASSIGN(const FileSizes sizes,
              measure_files(options.training.model, result.model.main(), options.training.output));
  return out.result(to_json(result, sizes), [&] { return describe(result, sizes); });
}

void add_which(CLI::App& command, Options& options) {
  const char* which = "Which weights become zero";
  PruningOptions& pruning = options.prune.pruning;
  command.add_option("--sparsity", pruning.schedule.final, "Share of the weights that become zero")
      ->check(number(0, 1))
      ->type_name("F")
      ->capture_default_str()
      ->group(which);
  add_choice(
      command, "--budget", pruning.budget,
      "uniform: that share of each layer; global: the smallest weights of all layers; lamp: the same by their share of "
      "the larger ones in their layer; erk: more of layers with more "
      "weights")
      ->group(which);
  add_choice(
      command, "--criterion", pruning.criterion,
      "How little a weight matters: magnitude; movement: whether training moves it to zero; fisher: by how much the loss would grow")
      ->group(which);
  command
      .add_option("--block", options.block,
                  "Weights go in blocks: so many output channels by so many input channels, or an extent for each axis")
      ->type_name("OxI")
      ->group(which);
  add_choice(command, "--block-score", pruning.pattern.block_score, "What a block is judged by")->group(which);
  command
      .add_option("--n-of-m", options.n_of_m,
                  "Of M neighbouring input channels at most N weights stay, as sparse kernels take them; such as 2:4")
      ->type_name("N:M")
      ->group(which);
  add_weight_choice(command, pruning.choice, "all with weights but depthwise ones", which);
  add_choice(
      command, "--policy", pruning.choice.policy,
      "xnnpack: the 1x1 convolutions, in networks that XNNPACK's sparse kernels take; an error says why one is not")
      ->group(which);
}

void add_when(CLI::App& command, Options& options) {
  const char* when = "When they do";
  SparsitySchedule& schedule = options.prune.pruning.schedule;
  add_choice(
      command, "--course", schedule.course,
      "polynomial: the sparsity grows, fast at first; constant: it is there from the beginning; rigl: likewise, while weights change "
      "places, small ones for others of large gradients")
      ->group(when);
  const auto share = [&](const char* name, double& target, const char* meaning) {
    command.add_option(name, target, meaning)->check(number(0, 1))->type_name("F")->capture_default_str()->group(when);
  };
  share("--initial", schedule.initial, "The sparsity at the beginning");
  share("--begin", schedule.begin, "Share of all steps after which it begins to grow");
  share("--end", schedule.end, "Share of all steps after which it is reached; weights recover in the rest");
  command.add_option("--power", schedule.power, "Of the polynomial")
      ->check(number(0.01, 100))
      ->type_name("P")
      ->capture_default_str()
      ->group(when);
  command.add_option("--every", schedule.every, "Steps between two choices of weights; 0: a fiftieth of the course")
      ->check(whole_number(0))
      ->type_name("N")
      ->capture_default_str()
      ->group(when);
}

}  // namespace

void add_prune(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  options->training.train.epochs = 2;
  options->training.least_epochs = 0;
  CLI::App* command =
      add_command(program, "prune", "Make weights zero, in training or without, or take whole channels out of a model",
                  {{"pare prune net.h5 --data set.toml -o sparse.tflite --sparsity 0.8", "four of five weights"},
                   {"pare prune net.h5 --data set.toml -o sparse.pare --n-of-m 2:4",
                    "two of four neighbours; then: pare qat sparse.pare"},
                   {"pare prune net.h5 --data set.toml -o sparse.tflite --one-shot obs --sparsity 0.5",
                    "without training, from a few samples"},
                   {"pare prune net.h5 --data set.toml -o small.tflite --structured --macs 0.5 --epochs 20",
                    "channels leave until half of the multiply-adds are left"},
                   {"pare prune net.keras --data photos/ -o sparse.keras --sparsity 0.9 --epochs 10",
                    "Keras loads it and goes on"}},
                  [options, &program](const Common& common, const Output& out) {
                    return run(*options, *program.get_subcommand("prune"), common, out);
                  });
  command
      ->add_option("MODEL", options->training.model,
                   "The float model: .tflite, .h5, .keras or .pare; masks that an earlier step left are taken up")
      ->required();
  add_training_options(*command, options->training);
  add_self_teaching(*command, options->prune.teaching, options->training.train.distillation);
  add_structured_options(*command, options->structured);
  command->get_option("--data")->required(false);  // magnitudes need none
  add_one_shot(*command, options->one_shot);
  add_which(*command, *options);
  add_when(*command, *options);
}

}  // namespace pare::cli
