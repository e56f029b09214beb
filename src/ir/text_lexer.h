// Tokens of the text form (ir/text.h).
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace pare {

struct Token {
  enum class Kind { Name, Word, Quoted, Number, Symbol, End };
  Kind kind = Kind::End;
  std::string text;  // a Name without its %, a Quoted without quotes; a Symbol is one of ( ) { } [ ] , = : ? or "..."
  int line = 1, column = 1;

  std::string describe() const;  // for messages: `'{'`, "the end of the text"
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Expected<Token> next();

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void advance();
  void skip_blanks();
  Failure refuse(const char* message) const;
  Expected<std::string> quoted();
  std::string run_of(bool (*belongs)(char));

  std::string_view text_;
  size_t at_ = 0;
  int line_ = 1, column_ = 1;
};

}  // namespace pare
