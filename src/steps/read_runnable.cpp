#include "steps/read_runnable.h"

#include "formats/formats.h"
#include "passes/inline_composites.h"

namespace pare {

Expected<Model> read_runnable(const std::filesystem::path& path) {
  PARE_ASSIGN(Model model, read_model(path));
  PARE_TRY(inline_composites(model));
  return model;
}

}  // namespace pare
