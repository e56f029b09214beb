#include "base/error.h"

namespace pare {

std::string Error::to_string() const {
  std::string text = where;
  const auto append = [&text](const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += ": ";
    text += part;
  };
  append(message);
  if (cause) append(cause->to_string());
  return text;
}

Error Error::within(std::string outer_where, std::string outer_message) const {
  return Error{code, std::move(outer_message), std::move(outer_where), std::make_shared<const Error>(*this)};
}

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::GoalMissed: return 1;
    case ErrorCode::Usage: return 2;
    case ErrorCode::BadInput:
    case ErrorCode::Io: return 3;
    case ErrorCode::Unsupported: return 4;
    case ErrorCode::Internal: return 5;
  }
  return 5;
}

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::Usage: return "usage";
    case ErrorCode::BadInput: return "bad input";
    case ErrorCode::Unsupported: return "not supported";
    case ErrorCode::GoalMissed: return "goal missed";
    case ErrorCode::Io: return "input/output";
    case ErrorCode::Internal: return "internal";
  }
  return "internal";
}

}  // namespace pare
