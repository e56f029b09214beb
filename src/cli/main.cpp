#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <span>

#include "base/check.h"
#include "base/files.h"
#include "cli/command.h"

#ifndef PARE_VERSION
#error "PARE_VERSION is given by CMake"
#endif

namespace pare::cli {
namespace {

constexpr int kInternal = 5;

int report(const Error& error) {
  fmt::print(stderr, "pare: {}\n", error.to_string());
  return exit_status(error.code);
}

int report_defect(const char* what) {
  fmt::print(stderr,
             "pare: internal error: {}\nThis is a defect of Pare; please report it with the command that led here.\n",
             what);
  return kInternal;
}

extern "C" void stop(int signal) {
  discard_partial_file();
  constexpr char kMessage[] = "\npare: interrupted\n";
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, kMessage, sizeof kMessage - 1);
  ::_exit(128 + signal);
}

void add_commands(CLI::App& program) {
  add_inspect(program);
  add_convert(program);
  add_quantize(program);
  add_evaluate(program);
  add_bench(program);
  add_build(program);
  add_compare(program);
  add_run(program);
  add_train(program);
  add_distill(program);
  add_prune(program);
  add_cluster(program);
  add_factorize(program);
  add_qat(program);
  add_data(program);
  add_doctor(program);
  add_docs(program);
}

std::vector<std::string> command_names(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command :
       program.get_subcommands([](const CLI::App* each) { return !each->get_group().empty(); }))
    names.push_back(command->get_name());
  return names;
}

// The command that the leading words name, such as "pare data split". An error where they name none: CLI11 itself says only that one
// is missing.
Expected<std::string> command_of(const CLI::App& program, std::string name, std::span<char*> words) {
  const std::vector<std::string> names = command_names(program);
  if (names.empty()) return name;
  if (words.empty()) return usage_error("`{}` needs a command; one of {}", name, fmt::join(names, ", "));
  const std::string first = words.front();
  if (first == "-h" || first == "--help" || first == "--version") return name;
  const auto found = program.get_subcommands([&](const CLI::App* each) { return each->get_name() == first; });
  if (found.empty())
    return usage_error("there is no command '{}' of `{}`; one of {}. See `{} --help`", first, name,
                       fmt::join(names, ", "), name);
  return command_of(*found.front(), name + " " + first, words.subspan(1));
}

int run(int argc, char** argv) {
  CLI::App program("Makes trained neural networks small and fast, and shows what it cost.", "pare");
  program.set_version_flag("--version", "pare " PARE_VERSION);
  program.require_subcommand(1);
  program.formatter(help_formatter());
  program.footer(
      "`pare COMMAND --help` explains a command with examples.\n"
      "Exit codes: 0 done; 1 done, but a stated goal was not met; 2 wrong usage; 3 bad input; 4 not supported; 5 a defect of Pare.");
  add_commands(program);
  const auto command = command_of(program, "pare", std::span(argv, static_cast<size_t>(argc)).subspan(1));
  if (!command) return report(command.error());
  try {
    program.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return program.exit(error);  // help or version was asked for
    return report({ErrorCode::Usage, fmt::format("{}. See `{} --help`", error.what(), *command), "", nullptr});
  }
}

}  // namespace
}  // namespace pare::cli

int main(int argc, char** argv) {
  std::signal(SIGINT, pare::cli::stop);
  std::signal(SIGTERM, pare::cli::stop);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file above the limit of the shell is an error of the write
  try {
    return pare::cli::run(argc, argv);
  } catch (const pare::Error& error) { return pare::cli::report(error); } catch (const std::bad_alloc&) {
    return pare::cli::report({pare::ErrorCode::BadInput, "there is not enough memory for this", "", nullptr});
  } catch (const std::exception& error) { return pare::cli::report_defect(error.what()); }
}
