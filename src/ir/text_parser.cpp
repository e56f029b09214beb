#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "ir/text.h"
#include "ir/text_lexer.h"
#include "ir/verify.h"

namespace pare {
namespace {

// Enough for every test; a text is no place for more.
constexpr int64_t kMostElements = int64_t{1} << 24;

class Parser {
 public:
  Parser(std::string_view text, const ConstantData& data_of) : lexer_(text), data_of_(data_of) {}

  Expected<Graph> graph() {
    PARE_TRY(step());
    PARE_TRY(word("graph"));
    if (token_.kind == Token::Kind::Quoted) {
      graph_.name = token_.text;
      PARE_TRY(step());
    }
    PARE_TRY(inputs());
    PARE_TRY(symbol("{"));
    while (!is_word("return")) PARE_TRY(statement());
    PARE_TRY(step());
    PARE_TRY(outputs());
    PARE_TRY(symbol("}"));
    if (token_.kind != Token::Kind::End) return expected("the end of the text");
    PARE_TRY(verify(graph_));
    return std::move(graph_);
  }

 private:
  // --- tokens
  Expected<void> step() {
    PARE_ASSIGN(token_, lexer_.next());
    return {};
  }
  template <class... Args>
  Failure refuse(fmt::format_string<Args...> format, Args&&... args) const {
    return Failure(Error{ErrorCode::BadInput, fmt::format(format, std::forward<Args>(args)...), place(), nullptr});
  }
  Failure expected(std::string_view what) const { return refuse("found {}, expected {}", token_.describe(), what); }
  std::string place() const { return fmt::format("line {}, column {}", token_.line, token_.column); }
  bool is_symbol(std::string_view text) const { return token_.kind == Token::Kind::Symbol && token_.text == text; }
  bool is_word(std::string_view text) const { return token_.kind == Token::Kind::Word && token_.text == text; }
  Expected<void> symbol(std::string_view text) {
    return is_symbol(text) ? step() : expected(fmt::format("'{}'", text));
  }
  Expected<void> word(std::string_view text) { return is_word(text) ? step() : expected(fmt::format("'{}'", text)); }
  // Goes over the symbol if it is there.
  Expected<bool> take(std::string_view text) {
    if (!is_symbol(text)) return false;
    PARE_TRY(step());
    return true;
  }
  // item, item, ... up to and over `close`.
  template <class Item>
  Expected<void> list(std::string_view close, Item&& item) {
    PARE_ASSIGN(bool done, take(close));
    while (!done) {
      PARE_TRY(item());
      PARE_ASSIGN(done, take(close));
      if (!done) PARE_TRY(symbol(","));
    }
    return {};
  }

  // --- values
  Expected<std::string> new_name() {
    if (token_.kind != Token::Kind::Name) return expected("a name such as %x");
    if (graph_.find_value(token_.text) != nullptr) return refuse("the name '%{}' is taken", token_.text);
    std::string name = token_.text;
    PARE_TRY(step());
    return name;
  }
  Expected<Value*> known_value() {
    if (is_word("none")) {
      PARE_TRY(step());
      return nullptr;
    }
    if (token_.kind != Token::Kind::Name) return expected("a name such as %x, or none");
    Value* value = graph_.find_value(token_.text);
    if (value == nullptr) return refuse("'%{}' is not defined above", token_.text);
    PARE_TRY(step());
    return value;
  }

  // --- numbers
  Expected<int64_t> integer() {
    int64_t value = 0;
    const std::string& text = token_.text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (token_.kind != Token::Kind::Number || error != std::errc() || end != text.data() + text.size())
      return expected("an integer");
    PARE_TRY(step());
    return value;
  }
  Expected<double> real() {
    const bool spelled = is_word("inf") || is_word("nan");
    char* end = nullptr;
    const double value = std::strtod(token_.text.c_str(), &end);
    if ((token_.kind != Token::Kind::Number && !spelled) || end != token_.text.c_str() + token_.text.size())
      return expected("a number");
    PARE_TRY(step());
    return value;
  }

  // --- types
  Expected<TensorType> type() {
    const std::optional<DType> dtype = token_.kind == Token::Kind::Word ? parse_dtype(token_.text) : std::nullopt;
    if (!dtype) return expected("an element type such as f32 or i8");
    PARE_TRY(step());
    PARE_TRY(symbol("["));
    Shape shape;
    PARE_TRY(list("]", [&]() -> Expected<void> {
      PARE_ASSIGN(const bool unknown, take("?"));
      if (unknown) {
        shape.push_back(kDynamic);
        return {};
      }
      if (token_.text.starts_with('-')) return expected("an extent of at least 0");
      PARE_ASSIGN(const int64_t extent, integer());
      shape.push_back(extent);
      return {};
    }));
    TensorType parsed{*dtype, std::move(shape), std::nullopt};
    if (is_word("quant")) { PARE_ASSIGN(parsed.quantization, quantization()); }
    return parsed;
  }

  Expected<Quantization> quantization() {
    Quantization parsed;
    PARE_TRY(step());
    PARE_TRY(symbol("("));
    if (token_.kind == Token::Kind::Number) {  // quant(scale, zero point)
      PARE_TRY(scale(parsed));
      PARE_TRY(symbol(","));
      PARE_TRY(zero_point(parsed));
      PARE_TRY(symbol(")"));
      return parsed;
    }
    const bool blocks = is_word("block");
    if (!blocks && !is_word("axis")) return expected("a scale, 'axis' or 'block'");
    PARE_TRY(step());
    PARE_TRY(symbol("="));
    PARE_ASSIGN(const int64_t place, integer());
    if (blocks)
      parsed.block = place;
    else
      parsed.axis = static_cast<int>(place);
    PARE_TRY(symbol(","));
    PARE_TRY(symbol("["));
    PARE_TRY(list("]", [&] { return scale(parsed); }));
    PARE_TRY(symbol(","));
    PARE_TRY(symbol("["));
    PARE_TRY(list("]", [&] { return zero_point(parsed); }));
    PARE_TRY(symbol(")"));
    return parsed;
  }
  Expected<void> scale(Quantization& into) {
    PARE_ASSIGN(const double value, real());
    into.scales.push_back(static_cast<float>(value));
    return {};
  }
  Expected<void> zero_point(Quantization& into) {
    PARE_ASSIGN(const int64_t value, integer());
    into.zero_points.push_back(value);
    return {};
  }

  // --- constants
  Expected<Tensor> elements(const std::string& name, const TensorType& type) {
    PARE_TRY(symbol("("));
    PARE_ASSIGN(const bool elsewhere, take("..."));
    if (elsewhere) return data_elsewhere(name, type);
    const std::optional<int64_t> count = type.shape.checked_elements();
    if (!count || *count > kMostElements || type.dtype == DType::String)
      return refuse("a {} cannot be written as text", to_string(type));
    std::vector<double> values;
    PARE_TRY(list(")", [&]() -> Expected<void> {
      PARE_ASSIGN(const double value, real());
      values.push_back(value);
      return {};
    }));
    if (values.size() == 1) values.resize(static_cast<size_t>(*count), values[0]);
    if (static_cast<int64_t>(values.size()) != *count)
      return refuse("{} elements for the shape {}, expected {} (or one, to fill it)", values.size(),
                    type.shape.to_string(), *count);
    return from_doubles(type, values);
  }

  Expected<Tensor> data_elsewhere(const std::string& name, const TensorType& type) {
    if (data_of_ == nullptr)
      return refuse("this constant was printed without its data; print the graph with all elements");
    PARE_ASSIGN_IN(Tensor data, data_of_(name), place());
    if (data.dtype() != type.dtype || data.shape() != type.shape)
      return refuse("the data of '%{}' are {}{}, its type is {}", name, to_string(data.dtype()),
                    data.shape().to_string(), to_string(type));
    PARE_TRY(symbol(")"));
    return data;
  }

  template <class T>
  static void fill(Tensor& tensor, const std::vector<double>& values) {
    auto out = tensor.mutable_values<T>();
    for (size_t i = 0; i < out.size(); ++i) {
      if constexpr (std::is_same_v<T, Half>)
        out[i] = to_half(static_cast<float>(values[i]));
      else
        out[i] = static_cast<T>(values[i]);
    }
  }

  Expected<Tensor> from_doubles(const TensorType& type, const std::vector<double>& values) const {
    if (is_integer(type.dtype)) {
      constexpr double kExact = 0x1p53;  // whole numbers up to here survive the way through double
      const IntegerRange range = integer_range(type.dtype);
      const double lowest = std::max(static_cast<double>(range.lowest), -kExact);
      const double highest = std::min(static_cast<double>(range.highest), kExact);
      for (const double value : values)
        if (!(value >= lowest && value <= highest))
          return refuse("the element {} does not fit {}", value, to_string(type.dtype));
    }
    Tensor tensor(type.dtype, type.shape);
    switch (type.dtype) {
      case DType::Float32: fill<float>(tensor, values); break;
      case DType::Float64: fill<double>(tensor, values); break;
      case DType::Float16: fill<Half>(tensor, values); break;
      case DType::Int8: fill<int8_t>(tensor, values); break;
      case DType::UInt8: fill<uint8_t>(tensor, values); break;
      case DType::Int16: fill<int16_t>(tensor, values); break;
      case DType::UInt16: fill<uint16_t>(tensor, values); break;
      case DType::Int32: fill<int32_t>(tensor, values); break;
      case DType::UInt32: fill<uint32_t>(tensor, values); break;
      case DType::Int64: fill<int64_t>(tensor, values); break;
      case DType::UInt64: fill<uint64_t>(tensor, values); break;
      case DType::Bool: fill<bool>(tensor, values); break;
      case DType::Int4: {
        const std::vector<std::byte> packed = pack_int4(std::vector<int8_t>(values.begin(), values.end()));
        return Tensor(type.dtype, type.shape, packed);
      }
      default: return refuse("{} constants cannot be written as text", to_string(type.dtype));
    }
    return tensor;
  }

  // --- statements
  Expected<void> inputs() {
    PARE_TRY(symbol("("));
    return list(")", [&]() -> Expected<void> {
      PARE_ASSIGN(std::string name, new_name());
      PARE_TRY(symbol(":"));
      PARE_ASSIGN(TensorType input_type, type());
      graph_.add_input(std::move(name), std::move(input_type));
      return {};
    });
  }

  Expected<void> outputs() {
    if (is_symbol("}")) return {};
    for (bool more = true; more;) {
      PARE_ASSIGN(Value * value, known_value());
      if (value == nullptr) return refuse("'none' cannot be returned");
      graph_.outputs.push_back(value);
      PARE_ASSIGN(more, take(","));
    }
    return {};
  }

  // %a, %b = ... : the names on the left.
  Expected<void> statement() {
    std::vector<std::string> names;
    for (bool more = true; more;) {
      PARE_ASSIGN(std::string name, new_name());
      names.push_back(std::move(name));
      PARE_ASSIGN(more, take(","));
    }
    PARE_TRY(symbol("="));
    if (is_word("constant") || is_word("variable")) return data(std::move(names));
    return node(std::move(names));
  }

  Expected<void> data(std::vector<std::string> names) {
    if (names.size() != 1) return refuse("{} names, expected one", names.size());
    const bool variable = is_word("variable");
    PARE_TRY(step());
    PARE_ASSIGN(TensorType declared, type());
    Value* value = nullptr;
    if (variable && !is_symbol("(")) {
      value = graph_.add_value(names[0], std::move(declared));
    } else {
      PARE_ASSIGN(Tensor tensor, elements(names[0], declared));
      value = graph_.add_constant(names[0], std::move(tensor), std::move(declared.quantization));
    }
    value->is_variable = variable;
    return {};
  }

  Expected<void> node(std::vector<std::string> names) {
    const OpDef* op = token_.kind == Token::Kind::Word ? find_op(token_.text) : nullptr;
    if (op == nullptr) return expected("'constant', 'variable' or the name of an operator");
    const std::string where = place();
    PARE_TRY(step());
    std::vector<Value*> operands;
    PARE_TRY(symbol("("));
    PARE_TRY(list(")", [&]() -> Expected<void> {
      PARE_ASSIGN(Value * operand, known_value());
      operands.push_back(operand);
      return {};
    }));
    PARE_ASSIGN(Attributes given, attributes(*op));
    if (!is_symbol(":")) {
      PARE_ASSIGN_IN(Node * added, graph_.append(*op, std::move(given), std::move(operands), names), where);
      if (added->results.size() != names.size())
        return refuse("{} names for {} results", names.size(), added->results.size());
      return {};
    }
    std::vector<Value*> results;
    PARE_TRY(step());
    for (size_t i = 0; i < names.size(); ++i) {
      if (i > 0) PARE_TRY(symbol(","));
      PARE_ASSIGN(TensorType result_type, type());
      results.push_back(graph_.add_value(names[i], std::move(result_type)));
    }
    graph_.append_with_results(*op, std::move(given), std::move(operands), std::move(results));
    return {};
  }

  Expected<Attributes> attributes(const OpDef& op) {
    Attributes given = op.attributes;
    PARE_ASSIGN(const bool some, take("{"));
    if (!some) return given;
    PARE_TRY(list("}", [&]() -> Expected<void> {
      if (token_.kind != Token::Kind::Word) return expected("the name of an attribute");
      const std::string name = token_.text, where = place();
      PARE_TRY(step());
      PARE_TRY(symbol("="));
      PARE_ASSIGN(const AttributeValue value, attribute_value());
      if (auto set = given.set(name, value); !set) return Failure(set.error().within(where));
      return {};
    }));
    return given;
  }

  Expected<AttributeValue> attribute_value() {
    AttributeValue value;
    if (is_symbol("[")) {
      std::vector<int64_t> items;
      PARE_TRY(step());
      PARE_TRY(list("]", [&]() -> Expected<void> {
        PARE_ASSIGN(const int64_t item, integer());
        items.push_back(item);
        return {};
      }));
      return AttributeValue(std::move(items));
    }
    if (token_.kind == Token::Kind::Number) {
      const bool whole = token_.text.find_first_of(".einf") == std::string::npos;
      if (whole) {
        PARE_ASSIGN(const int64_t number, integer());
        return AttributeValue(number);
      }
      PARE_ASSIGN(const double number, real());
      return AttributeValue(static_cast<float>(number));
    }
    if (is_word("true") || is_word("false"))
      value = is_word("true");
    else if (is_word("inf"))
      value = std::numeric_limits<float>::infinity();
    else if (is_word("nan"))
      value = std::numeric_limits<float>::quiet_NaN();
    else if (token_.kind == Token::Kind::Word || token_.kind == Token::Kind::Quoted)
      value = token_.text;
    else
      return expected("the value of an attribute");
    PARE_TRY(step());
    return value;
  }

  Lexer lexer_;
  const ConstantData& data_of_;
  Token token_;
  Graph graph_;
};

}  // namespace

Expected<Graph> parse_graph(std::string_view text) { return parse_graph(text, nullptr); }

Expected<Graph> parse_graph(std::string_view text, const ConstantData& data_of) {
  return Parser(text, data_of).graph();
}

}  // namespace pare
