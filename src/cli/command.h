// What the commands share: the options that each has, where text goes, and how a command is declared.
#pragma once

#include <CLI/CLI.hpp>

#include <array>
#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/data_set.h"
#include "engine/kernel.h"
#include "formats/formats.h"
#include "steps/layerwise.h"
#include "train/chosen_weights.h"
#include "train/kept_structure.h"

namespace pare {

// Types of inputs and outputs as people spell them.
enum class PortType { Float32, Int8, UInt8, Int16 };
template <>
struct EnumNames<PortType> {
  static constexpr std::array<std::string_view, 4> names{"float32", "int8", "uint8", "int16"};
};

}  // namespace pare

namespace pare::cli {

DType dtype_of(PortType type);

// Options that every command has.
struct Common {
  int threads = 1;
  uint64_t seed = 1;
  bool quiet = false;
  bool json = false;
};

// Results go to standard output: text, or with --json one document and nothing else. Messages and progress go to standard error,
// progress to a terminal at once, elsewhere a line every half minute, neither with --quiet.
class Output {
 public:
  explicit Output(const Common& common) : common_(common) {}

  Expected<void> result(const nlohmann::ordered_json& json, const std::function<std::string()>& text) const;
  void note(std::string_view message) const;
  // Overwrites the line on the terminal; an empty message wipes it.
  void progress(std::string_view message) const;

 private:
  const Common& common_;
};

// What stands in front of the last '=' of "PATTERN=VALUE", and behind it; both empty where a part is missing.
std::pair<std::string, std::string> pattern_and_value(const std::string& text);

using Action = std::function<Expected<void>(const Common&, const Output&)>;

// An example for the help: what is typed, and what it does.
struct Example {
  const char* command;
  const char* meaning;
};

// Adds a command with the common options. `action` runs when the command was chosen; the options it needs are bound by the caller
// to variables that live as long (shared_ptr captured by the action).
CLI::App* add_command(CLI::App& program, const char* name, const char* summary, std::vector<Example> examples,
                      Action action);

// Checks of numbers whose messages say what was given and what was expected.
inline constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
CLI::Validator whole_number(int64_t lowest, int64_t highest = kNoLimit);
CLI::Validator number(double lowest, double highest);

// The help of all commands: plain words for what stands where, lines of at most 120 columns.
std::shared_ptr<CLI::Formatter> help_formatter();

// An option that takes one of the spellings of an enumeration; its present value is the default.
template <NamedEnum Enum>
CLI::Option* add_choice(CLI::App& command, const char* name, Enum& target, const char* meaning) {
  const auto& names = EnumNames<Enum>::names;
  return command
      .add_option_function<std::string>(
          name, [&target](const std::string& text) { target = *parse_enum<Enum>(text); }, meaning)
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())))
      ->default_str(std::string(to_string(target)));
}

// Size of a file; 0 where it cannot be told.
int64_t file_bytes(const std::string& path);

// Writes in the format that the ending asks for.
Expected<void> write_as(const Model& model, const std::string& output, const WriteOptions& options = {});

// Shows how far a step that goes from layer to layer is.
LayerObserver layer_progress(const Output& out);

// Fails for a goal of accuracy on a data set that has no classes.
Expected<void> require_classes(const DataView& view, std::string_view option);

// Options that are spelled the same in every command.
void add_engine(CLI::App& command, Engine& engine);
// --include, --exclude and --type; `what` is chosen where none says anything.
void add_weight_choice(CLI::App& command, WeightChoice& choice, const char* what, const char* group);
void add_keep(CLI::App& command, std::vector<Kept>& kept);
void add_without(CLI::App& command, std::vector<std::string>& passes);
CLI::Option* add_output(CLI::App& command, std::string& path, const char* meaning);
// --sparse-encoding
CLI::Option* add_sparse_encoding(CLI::App& command, WriteOptions& options);

void add_bench(CLI::App& program);
void add_build(CLI::App& program);
void add_cluster(CLI::App& program);
void add_compare(CLI::App& program);
void add_convert(CLI::App& program);
void add_data(CLI::App& program);
void add_distill(CLI::App& program);
void add_docs(CLI::App& program);
void add_doctor(CLI::App& program);
void add_evaluate(CLI::App& program);
void add_factorize(CLI::App& program);
void add_inspect(CLI::App& program);
void add_prune(CLI::App& program);
void add_qat(CLI::App& program);
void add_quantize(CLI::App& program);
void add_run(CLI::App& program);
void add_train(CLI::App& program);

}  // namespace pare::cli
