#include "cli/command.h"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/parallel.h"
#include "steps/convert.h"

namespace pare::cli {
namespace {

std::string examples_text(const std::vector<Example>& examples) {
  std::string text = examples.empty() ? "" : "Examples:\n";
  for (const Example& example : examples) text += fmt::format("  {}\n      {}\n", example.command, example.meaning);
  return text;
}

template <class Number>
CLI::Validator number_check(std::string_view kind, Number lowest, Number highest) {
  const std::string expected = highest == static_cast<Number>(kNoLimit)
                                   ? fmt::format("{} from {} on", kind, lowest)
                                   : fmt::format("{} from {} to {}", kind, lowest, highest);
  return CLI::Validator(
      [=](std::string& text) {
        Number value = 0;
        const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (status == std::errc() && end == text.data() + text.size() && value >= lowest && value <= highest)
          return std::string();
        return fmt::format("'{}' was given, {} was expected", text, expected);
      },
      "");
}

// In a file lines stay, so that there is one every half minute.
void log_progress(std::string_view message) {
  using Clock = std::chrono::steady_clock;
  static Clock::time_point last = Clock::now();
  if (message.empty() || Clock::now() - last < std::chrono::seconds(30)) return;
  last = Clock::now();
  fmt::print(stderr, "{}\n", message);
}

}  // namespace

CLI::Validator whole_number(int64_t lowest, int64_t highest) { return number_check("a whole number", lowest, highest); }
CLI::Validator number(double lowest, double highest) { return number_check("a number", lowest, highest); }

Expected<void> Output::result(const nlohmann::ordered_json& json, const std::function<std::string()>& text) const {
  progress("");
  const std::string content =
      common_.json ? json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n" : text();
  const bool written =
      std::fwrite(content.data(), 1, content.size(), stdout) == content.size() && std::fflush(stdout) == 0;
  if (!written) return fail(ErrorCode::Io, "cannot write to standard output: {}", std::strerror(errno));
  return {};
}

void Output::note(std::string_view message) const {
  if (common_.quiet) return;
  progress("");
  fmt::print(stderr, "{}\n", message);
}

void Output::progress(std::string_view message) const {
  static const bool terminal = ::isatty(STDERR_FILENO) != 0;
  if (common_.quiet) return;
  if (terminal) {
    fmt::print(stderr, "\r\033[K{}", message);
    std::fflush(stderr);
  } else {
    log_progress(message);
  }
}

DType dtype_of(PortType type) {
  switch (type) {
    case PortType::Int8: return DType::Int8;
    case PortType::UInt8: return DType::UInt8;
    case PortType::Int16: return DType::Int16;
    case PortType::Float32: break;
  }
  return DType::Float32;
}

CLI::App* add_command(CLI::App& program, const char* name, const char* summary, std::vector<Example> examples,
                      Action action) {
  CLI::App* command = program.add_subcommand(name, summary);
  command->group("Commands");
  command->footer(std::string());  // not that of the program
  command->footer([examples = std::move(examples)] { return examples_text(examples); });
  const auto common = std::make_shared<Common>();
  common->threads = available_threads();
  command->add_flag("--json", common->json, "Print one JSON document instead of text")->group("Everywhere");
  command->add_option("--threads", common->threads, "Threads to use; all cores unless told")
      ->check(whole_number(1, 1024))
      ->type_name("N")
      ->group("Everywhere");
  command->add_option("--seed", common->seed, "Seed of everything random; the same seed gives the same result")
      ->check(whole_number(0))
      ->type_name("N")
      ->group("Everywhere");
  command->add_flag("--quiet", common->quiet, "No messages and no progress")->group("Everywhere");
  command->callback([common, action = std::move(action)] {
    if (auto done = action(*common, Output(*common)); !done) throw done.error();
  });
  return command;
}

int64_t file_bytes(const std::string& path) {
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(size);
}

LayerObserver layer_progress(const Output& out) {
  return [&out](const std::string& doing, size_t done, size_t of) {
    out.progress(fmt::format("{}: {} of {}", doing, done + 1, of));
  };
}

Expected<void> require_classes(const DataView& view, std::string_view option) {
  if (view.target() == TargetKind::Class) return {};
  return usage_error("{} is a goal of accuracy; the target of the data set is '{}', classes were expected", option,
                     to_string(view.target()));
}

void add_engine(CLI::App& command, Engine& engine) {
  add_choice(
      command, "--engine", engine,
      "fast: vectorised kernels; reference: plain ones, whose integers are bit for bit those of LiteRT's reference kernels");
}

void add_without(CLI::App& command, std::vector<std::string>& passes) {
  command.add_option("--without", passes, "Passes to leave out (docs/reference/passes.md lists them)")
      ->type_name("PASS");
}

Expected<void> write_as(const Model& model, const std::string& output, const WriteOptions& options) {
  PARE_ASSIGN(const ConvertResult converted, convert(model, output, {}));
  return write_model(converted.model, output, options);
}

std::pair<std::string, std::string> pattern_and_value(const std::string& text) {
  const size_t at = text.rfind('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size()) return {};
  return {text.substr(0, at), text.substr(at + 1)};
}

void add_weight_choice(CLI::App& command, WeightChoice& choice, const char* what, const char* group) {
  command.add_option("--include", choice.include, fmt::format("Only operators of these names; {} unless told", what))
      ->type_name("PATTERN")
      ->group(group);
  command.add_option("--exclude", choice.exclude, "Operators of these names stay as they are")
      ->type_name("PATTERN")
      ->group(group);
  command.add_option("--type", choice.types, "Only operators of these types, such as conv_2d or depthwise_conv_2d")
      ->type_name("TYPE")
      ->group(group);
}

void add_keep(CLI::App& command, std::vector<Kept>& kept) {
  const auto& names = EnumNames<Kept>::names;
  command
      .add_option_function<std::vector<std::string>>(
          "--keep",
          [&kept](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) kept.push_back(*parse_enum<Kept>(text));
          },
          "What an earlier step left in the weights and is to stay: zeros, clusters (tensors or channels of few values), "
          "or both; a .pare file keeps them by itself")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())).description(""))
      ->type_name(fmt::format("{}", fmt::join(names, ",")));
}

CLI::Option* add_output(CLI::App& command, std::string& path, const char* meaning) {
  return command.add_option("-o,--output", path, meaning)->type_name("FILE");
}

CLI::Option* add_sparse_encoding(CLI::App& command, WriteOptions& options) {
  return command.add_flag(
      "--sparse-encoding", options.sparse_encoding,
      "A .tflite file stores weights with many zeros without them, as LiteRT reads it (from runtime "
      "2.3 on; not on microcontrollers)");
}

}  // namespace pare::cli
