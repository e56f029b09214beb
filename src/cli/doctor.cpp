#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "report/json.h"
#include "report/summaries.h"
#include "steps/doctor.h"

namespace pare::cli {

void add_doctor(CLI::App& program) {
  add_command(
      program, "doctor", "Show what this computer offers: cores, instruction sets, libraries, peers",
      {{"pare doctor", "what Pare can use here"}, {"pare doctor --json", "the same for a script or a bug report"}},
      [](const Common&, const Output& out) -> Expected<void> {
        const Computer computer = examine(std::filesystem::current_path());
        return out.result(to_json(computer), [&] { return describe(computer); });
      });
}

}  // namespace pare::cli
