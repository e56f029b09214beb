#include "steps/read_runnable.h"

#include "engine/evaluate.h"
#include "formats/formats.h"
#include "passes/inline_composites.h"
#include "passes/pipeline.h"

namespace pare {

Expected<Model> read_runnable(const std::filesystem::path& path) {
  PARE_ASSIGN(Model model, read_model(path));
  PARE_TRY(inline_composites(model));
  if (model.source_format == "keras")
    for (Graph& graph : model.graphs) PARE_TRY(run_passes(graph, passes_of(Pipeline::Canonical), evaluate));
  return model;
}

}  // namespace pare
