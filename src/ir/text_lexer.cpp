#include "ir/text_lexer.h"

#include <cctype>

namespace pare {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_name(char c) { return is_word(c) || c == '.' || c == '/' || c == ':' || c == '-'; }
bool is_number(char c) { return is_word(c) || c == '.' || c == '-' || c == '+'; }

}  // namespace

std::string Token::describe() const {
  switch (kind) {
    case Kind::End: return "the end of the text";
    case Kind::Name: return fmt::format("'%{}'", text);
    case Kind::Quoted: return fmt::format("\"{}\"", text);
    default: return fmt::format("'{}'", text);
  }
}

void Lexer::advance() {
  if (peek() == '\n') {
    ++line_;
    column_ = 0;
  }
  ++column_;
  ++at_;
}

void Lexer::skip_blanks() {
  while (at_ < text_.size()) {
    if (std::isspace(static_cast<unsigned char>(peek())) != 0) {
      advance();
    } else if (peek() == '/' && peek(1) == '/') {
      while (at_ < text_.size() && peek() != '\n') advance();
    } else {
      return;
    }
  }
}

Failure Lexer::refuse(const char* message) const {
  return Failure(Error{ErrorCode::BadInput, message, fmt::format("line {}, column {}", line_, column_), nullptr});
}

Expected<std::string> Lexer::quoted() {
  std::string out;
  advance();
  while (peek() != '"') {
    if (at_ >= text_.size()) return refuse("found the end of the text, expected a closing quote");
    if (peek() == '\\') {
      advance();
      out += peek() == 'n' ? '\n' : peek();
    } else {
      out += peek();
    }
    advance();
  }
  advance();
  return out;
}

std::string Lexer::run_of(bool (*belongs)(char)) {
  const size_t start = at_;
  while (at_ < text_.size() && belongs(peek())) advance();
  return std::string(text_.substr(start, at_ - start));
}

Expected<Token> Lexer::next() {
  skip_blanks();
  Token token{Token::Kind::End, "", line_, column_};
  if (at_ >= text_.size()) return token;
  const char c = peek();
  if (c == '"') {
    token.kind = Token::Kind::Quoted;
    PARE_ASSIGN(token.text, quoted());
  } else if (c == '%') {
    token.kind = Token::Kind::Name;
    advance();
    if (peek() == '"') {
      PARE_ASSIGN(token.text, quoted());
    } else {
      token.text = run_of(is_name);
      if (token.text.ends_with(':')) {  // the colon between an input and its type
        token.text.pop_back();
        --at_;
        --column_;
      }
    }
    if (token.text.empty()) return refuse("found '%' alone, expected a name behind it");
  } else if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '+') {
    token.kind = Token::Kind::Number;
    token.text = run_of(is_number);
  } else if (is_word(c)) {
    token.kind = Token::Kind::Word;
    token.text = run_of(is_name);
  } else {
    token.kind = Token::Kind::Symbol;
    token.text = c == '.' && peek(1) == '.' && peek(2) == '.' ? "..." : std::string(1, c);
    if (token.text.size() == 1 && std::string_view("(){}[],=:?").find(c) == std::string_view::npos)
      return refuse("found a character that has no meaning here");
    for (size_t i = 0; i < token.text.size(); ++i) advance();
  }
  return token;
}

}  // namespace pare
