#include "steps/compare.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "report/measurements.h"
#include "steps/read_runnable.h"

namespace pare::cli {
namespace {

struct Options {
  std::string first, second, data;
  Split split = Split::Test;
  CompareOptions compare;
  bool graph = false;
  double max_drop = -1;
};

Expected<void> check_goal(const CompareResult& result, double max_drop) {
  if (max_drop < 0) return {};
  const double drop = -result.evaluations[1].against_first->difference * 100;
  if (drop <= max_drop) return {};
  return fail(ErrorCode::GoalMissed, "the accuracy dropped by {:.2f} points, above the goal of {:.2f}", drop, max_drop);
}

Expected<void> run(Options& options, const Common& common, const Output& out) {
  options.compare.threads = common.threads;
  PARE_ASSIGN(const DataSet set, DataSet::open(options.data));
  PARE_ASSIGN(const DataView view, set.split(options.split));
  if (options.max_drop >= 0) PARE_TRY(require_classes(view, "--max-drop"));
  PARE_ASSIGN(Model before, read_runnable(options.first));
  PARE_ASSIGN(Model after, read_runnable(options.second));
  const NamedModel first{options.first, std::move(before)}, second{options.second, std::move(after)};
  out.progress("comparing");
  PARE_ASSIGN(const CompareResult result, compare_models(first, second, view, options.compare));
  PARE_TRY(out.result(to_json(result), [&] { return describe(result, options.graph); }));
  return check_goal(result, options.max_drop);
}

}  // namespace

void add_compare(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(program, "compare", "Show where two forms of a network differ",
                  {{"pare compare net.tflite net_int8.tflite --data test.npz",
                    "the error of each tensor, and the accuracies compared sample by sample"},
                   {"pare compare net.tflite net_int8.tflite --data test.npz --max-drop 0.5",
                    "ends with 1 where the second loses more than half a point"},
                   {"pare compare a.tflite b.tflite --data test.npz --graph", "how the graphs differ, as text"}},
                  [options](const Common& common, const Output& out) { return run(*options, common, out); });
  command->add_option("A", options->first, "The model that is taken as right, usually the float one")->required();
  command->add_option("B", options->second, "The model that is judged against it")->required();
  command->add_option("--data", options->data, "The data set")->required()->type_name("DATA");
  add_choice(*command, "--split", options->split, "The samples of this split");
  command
      ->add_option("--samples", options->compare.tensor_samples,
                   "Samples on which tensors are compared; accuracies take all")
      ->check(whole_number(1))
      ->type_name("N")
      ->capture_default_str();
  add_engine(*command, options->compare.engine);
  command->add_flag("--graph", options->graph, "The difference of the graphs as well");
  command->add_option("--max-drop", options->max_drop, "End with 1 where the accuracy drops by more than P points")
      ->check(number(0, 100))
      ->type_name("P");
}

}  // namespace pare::cli
