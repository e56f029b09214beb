#include "ir/attributes.h"

#include <fmt/ranges.h>

namespace pare {

std::string to_string(const AttributeValue& value) {
  struct Printer {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(float v) const {  // a float stays recognisable as one
      std::string text = fmt::format("{}", v);
      return text.find_first_of(".einf") == std::string::npos ? text + ".0" : text;
    }
    std::string operator()(const std::string& v) const { return v; }
    std::string operator()(const std::vector<int64_t>& v) const { return fmt::format("[{}]", fmt::join(v, ", ")); }
  };
  return std::visit(Printer{}, value);
}

}  // namespace pare
