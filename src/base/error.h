// Errors that a file, a recipe or a user causes. They travel as values: every fallible function of Pare returns
// Expected<T>. Mistakes of the calling programmer throw; broken invariants of our own go through PARE_CHECK.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace pare {

// Who has to act. The command line maps each code to one exit status (see exit_status).
enum class ErrorCode {
  Usage,        // the command line or an option is wrong
  BadInput,     // a file, a sample or a value in it is wrong
  Unsupported,  // well-formed, but beyond what Pare can do
  GoalMissed,   // the work was done, a stated goal was not met
  Io,           // the operating system refused: missing file, full disk, no permission
  Internal,     // a defect of Pare
};

struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;                 // what was found, what was expected, what to do
  std::string where;                   // file, tensor, operator or option; may be empty
  std::shared_ptr<const Error> cause;  // the inner error, kept when context is added

  // "where: message: cause", the one line that a person reads.
  std::string to_string() const;

  // The same failure seen from further out: the inner error becomes the cause, its code is kept.
  Error within(std::string outer_where, std::string outer_message = {}) const;
};

template <class T>
using Expected = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

template <class... Args>
Failure fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  return Failure(Error{code, fmt::format(format, std::forward<Args>(args)...), {}, nullptr});
}
template <class... Args>
Failure bad_input(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::BadInput, format, std::forward<Args>(args)...);
}
template <class... Args>
Failure unsupported(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::Unsupported, format, std::forward<Args>(args)...);
}
template <class... Args>
Failure usage_error(fmt::format_string<Args...> format, Args&&... args) {
  return fail(ErrorCode::Usage, format, std::forward<Args>(args)...);
}

// Exit status of the program: 0 done, 1 goal missed, 2 usage, 3 bad input or input/output, 4 not supported, 5 internal.
int exit_status(ErrorCode code);
const char* to_string(ErrorCode code);

}  // namespace pare

#define PARE_CONCAT_(a, b) a##b
#define PARE_CONCAT(a, b) PARE_CONCAT_(a, b)

// Returns the error of `expression` from the enclosing function; goes on when there is none.
#define PARE_TRY(expression)                                                                                         \
  do {                                                                                                               \
    if (auto pare_try_ = (expression); !pare_try_.has_value()) return ::pare::Failure(std::move(pare_try_).error()); \
  } while (false)

// PARE_ASSIGN(auto x, f()): declares x from the value of f(), or returns f()'s error.
#define PARE_ASSIGN(declaration, expression) \
  PARE_ASSIGN_(PARE_CONCAT(pare_expected_, __LINE__), declaration, expression)
#define PARE_ASSIGN_(temporary, declaration, expression)                            \
  auto temporary = (expression);                                                    \
  if (!temporary.has_value()) return ::pare::Failure(std::move(temporary).error()); \
  declaration = std::move(*temporary)

// The same, with context: PARE_ASSIGN_IN(auto x, f(), "tensor 'a'").
#define PARE_ASSIGN_IN(declaration, expression, where) \
  PARE_ASSIGN_IN_(PARE_CONCAT(pare_expected_, __LINE__), declaration, expression, where)
#define PARE_ASSIGN_IN_(temporary, declaration, expression, where)                       \
  auto temporary = (expression);                                                         \
  if (!temporary.has_value()) return ::pare::Failure(temporary.error().within((where))); \
  declaration = std::move(*temporary)
