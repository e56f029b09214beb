#include <memory>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/command.h"
#include "report/measurements.h"
#include "report/picture.h"
#include "steps/evaluate_models.h"
#include "steps/read_runnable.h"

namespace pare::cli {
namespace {

struct Options {
  std::vector<std::string> models;
  std::string data;
  Split split = Split::Test;
  int64_t samples = 0;
  EvaluateModelsOptions evaluate;
  std::string picture;
  bool classes = false;
  double min_accuracy = 0;
};

Expected<void> check_goal(const std::vector<ModelEvaluation>& evaluations, double min_accuracy) {
  for (const ModelEvaluation& each : evaluations)
    if (min_accuracy > 0 && each.evaluation.classification->accuracy < min_accuracy)
      return fail(ErrorCode::GoalMissed, "{}: the accuracy is {:.4f}, below the goal of {:.4f}", each.model,
                  each.evaluation.classification->accuracy, min_accuracy);
  return {};
}

Expected<void> run(Options& options, const Common& common, const Output& out) {
  options.evaluate.evaluate.threads = common.threads;
  if (!options.picture.empty()) PARE_TRY(check_folder_of(options.picture));
  PARE_ASSIGN(const DataSet set, DataSet::open(options.data));
  PARE_ASSIGN(DataView view, set.split(options.split));
  if (options.min_accuracy > 0) PARE_TRY(require_classes(view, "--min-accuracy"));
  if (options.samples > 0) view = view.first(options.samples);
  std::vector<NamedModel> models;
  for (const std::string& path : options.models) {
    PARE_ASSIGN(Model model, read_runnable(path));
    models.push_back({path, std::move(model)});
  }
  out.progress(fmt::format("evaluating {} samples", view.count()));
  PARE_ASSIGN(const std::vector<ModelEvaluation> results, evaluate_models(models, view, options.evaluate));
  if (!options.picture.empty()) PARE_TRY(write_file(options.picture, picture_of(results)));
  PARE_TRY(out.result(to_json(results), [&] { return describe(results, options.classes, set.class_names()); }));
  return check_goal(results, options.min_accuracy);
}

}  // namespace

void add_evaluate(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "evaluate", "Measure the accuracy and size of models on a data set",
      {{"pare evaluate net.tflite --data test.npz", "accuracy with its 95 % interval, size raw and gzip"},
       {"pare evaluate net.h5 net_int8.tflite --data cifar10.toml",
        "several models on the same samples, each compared with the first (McNemar)"},
       {"pare evaluate net.h5 net_int8.tflite --data cifar10.toml --latency --picture result.svg",
        "latency too, and all of it as a picture"},
       {"pare evaluate net.tflite --data cifar10.toml --classes", "precision, recall and confusion of each class"},
       {"pare evaluate net.tflite --data test.npz --min-accuracy 0.9", "ends with 1 where the accuracy is lower"}},
      [options](const Common& common, const Output& out) { return run(*options, common, out); });
  command->add_option("MODEL", options->models, "One model or several: .tflite, .h5, .keras or .pare")->required();
  command->add_option("--data", options->data, "The data set")->required()->type_name("DATA");
  add_choice(*command, "--split", options->split, "The samples of this split");
  command->add_option("--samples", options->samples, "The first N samples instead of all")
      ->check(whole_number(1))
      ->type_name("N");
  command
      ->add_option("--output-index", options->evaluate.evaluate.output,
                   "The output that is judged, for a model with several; counted from 0")
      ->check(whole_number(0))
      ->type_name("N")
      ->capture_default_str();
  add_engine(*command, options->evaluate.evaluate.engine);
  command->add_flag("--latency", options->evaluate.latency, "Latency of one sample on one thread as well");
  command->add_option("--picture", options->picture, "Draw accuracy, size and latency: .svg")->type_name("FILE");
  command->add_flag("--classes", options->classes, "Figures of each class and the confusion matrix");
  command
      ->add_option("--min-accuracy", options->min_accuracy,
                   "End with 1 where a model's accuracy, from 0 to 1, is below A")
      ->check(number(0, 1))
      ->type_name("A");
}

}  // namespace pare::cli
