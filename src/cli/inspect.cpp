#include "steps/inspect.h"

#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "formats/formats.h"
#include "ir/text.h"
#include "report/json.h"
#include "report/summaries.h"

namespace pare::cli {

void add_inspect(CLI::App& program) {
  struct Options {
    std::string model;
    bool layers = false, weights = false, graph = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = add_command(
      program, "inspect", "Show what a model is made of",
      {{"pare inspect net.tflite", "operators, parameters, multiply-adds, memory, how numbers are stored"},
       {"pare inspect net.h5 --layers", "one line a layer as well"},
       {"pare inspect sparse.tflite --weights", "zeros and their pattern, values and savings of each tensor"},
       {"pare inspect net.tflite --graph", "the graph as text, instead"}},
      [options](const Common& common, const Output& out) -> Expected<void> {
        PARE_ASSIGN(const Model model, read_model(options->model));
        if (options->graph) {
          std::string text;
          for (const Graph& graph : model.graphs) text += print(graph);
          return out.result({{"model", options->model}, {"graph", text}}, [&] { return text; });
        }
        const ModelSummary summary = inspect(model, {.gzip = options->weights, .threads = common.threads});
        return out.result(to_json(summary),
                          [&] { return describe(summary, {.layers = options->layers, .weights = options->weights}); });
      });
  command->add_option("MODEL", options->model, "The model: .tflite, .h5, .keras or .pare")->required();
  command->add_flag("--layers", options->layers,
                    "One line a layer: shape, storage, parameters, zeros, distinct values, multiply-adds");
  command->add_flag("--weights", options->weights,
                    "One line a tensor of weights: bytes, under gzip and as entropy coding could have them, zeros, the "
                    "blocks or N of M that they come in, distinct values; and the size of the file");
  command->add_flag("--graph", options->graph, "Print the graph in Pare's text form");
}

}  // namespace pare::cli
