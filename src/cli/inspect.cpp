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
    bool layers = false, graph = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      add_command(program, "inspect", "Show what a model is made of",
                  {{"pare inspect net.tflite", "operators, parameters, multiply-adds, memory, how numbers are stored"},
                   {"pare inspect net.h5 --layers", "one line a layer as well"},
                   {"pare inspect net.tflite --graph", "the graph as text, instead"}},
                  [options](const Common&, const Output& out) -> Expected<void> {
                    PARE_ASSIGN(const Model model, read_model(options->model));
                    if (options->graph) {
                      std::string text;
                      for (const Graph& graph : model.graphs) text += print(graph);
                      return out.result({{"model", options->model}, {"graph", text}}, [&] { return text; });
                    }
                    const ModelSummary summary = inspect(model);
                    return out.result(to_json(summary), [&] { return describe(summary, options->layers); });
                  });
  command->add_option("MODEL", options->model, "The model: .tflite, .h5, .keras or .pare")->required();
  command->add_flag("--layers", options->layers,
                    "One line a layer: shape, storage, parameters, zeros, distinct values, multiply-adds");
  command->add_flag("--graph", options->graph, "Print the graph in Pare's text form");
}

}  // namespace pare::cli
