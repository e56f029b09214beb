// How the help of commands is laid out.
#include "cli/command.h"

namespace pare::cli {
namespace {

constexpr size_t kNameColumns = 38, kTextColumns = 120 - kNameColumns;

// Breaks lines between words; CLI11 itself indents what follows a line end.
std::string wrapped(const std::string& text) {
  std::string lines;
  size_t column = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    if (column > 0 && column + 1 + end - at > kTextColumns) {
      lines += '\n';
      column = 0;
    } else if (column > 0) {
      lines += ' ';
      ++column;
    }
    lines += text.substr(at, end - at);
    column += end - at;
    at = end + 1;
  }
  return lines;
}

class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() {
    column_width(kNameColumns);
    label("SUBCOMMAND", "COMMAND");
    label("Positionals", "Arguments");
    label("REQUIRED", "(required)");
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(CLI::Formatter::make_option_desc(option));
  }

  // Without the type of texts: "MODEL (required)", "--engine {fast,reference}=fast".
  std::string make_option_opts(const CLI::Option* option) const override {
    std::string text = CLI::Formatter::make_option_opts(option);
    for (const std::string_view type : {"TEXT:", "TEXT "})
      if (const size_t at = text.find(type); at != std::string::npos) text.erase(at, type.size());
    return text;
  }
};

}  // namespace

std::shared_ptr<CLI::Formatter> help_formatter() { return std::make_shared<HelpFormatter>(); }

}  // namespace pare::cli
