// The hidden command behind `make docs`: writes the reference pages from the definitions.
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/command.h"
#include "report/reference.h"

namespace pare::cli {
namespace {

std::string command_reference(const CLI::App& program) {
  std::string text =
      "# Commands\n\nGenerated from the program's own help; `make docs` writes it anew.\n\n"
      "Exit codes: 0 done; 1 done, but a stated goal was not met; 2 wrong usage; 3 bad input; 4 not supported; 5 a defect of Pare.\n";
  for (const CLI::App* command :
       program.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); }))
    text += fmt::format("\n## pare {}\n\n```text\n{}```\n", command->get_name(), command->help("pare"));
  return text;
}

}  // namespace

void add_docs(CLI::App& program) {
  const auto folder = std::make_shared<std::string>();
  CLI::App* command = add_command(program, "docs", "Write the reference pages",
                                  {{"pare docs -o docs/reference", "after an operator or an option has changed"}},
                                  [folder, &program](const Common&, const Output& out) -> Expected<void> {
                                    const std::filesystem::path root(*folder);
                                    PARE_TRY(write_file(root / "cli.md", command_reference(program)));
                                    PARE_TRY(write_file(root / "operators.md", operator_reference()));
                                    PARE_TRY(write_file(root / "passes.md", pass_reference()));
                                    return out.result({{"written", *folder}}, [] { return ""; });
                                  });
  add_output(*command, *folder, "Folder of the pages")->required();
  command->group("");  // not listed: for developers
}

}  // namespace pare::cli
