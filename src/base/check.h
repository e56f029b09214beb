// Checks of our own invariants, on in every build. A failed check throws InternalError, which the outermost caller
// reports as a defect; nothing in Pare aborts the process.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>

namespace pare {

class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] inline void check_failed(const char* file, int line, const char* condition,
                                      const std::string& detail = {}) {
  throw InternalError(
      fmt::format("{}:{}: check failed: {}{}{}", file, line, condition, detail.empty() ? "" : ": ", detail));
}

}  // namespace pare

#define PARE_CHECK(condition, ...)                                                                 \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::pare::check_failed(__FILE__, __LINE__, #condition __VA_OPT__(, fmt::format(__VA_ARGS__))); \
  } while (false)
