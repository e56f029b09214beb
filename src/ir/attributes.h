// What an operator is told beside its operands. Each operator declares a plain struct; one static `fields` function names its
// members, and from that alone come printing, parsing, comparison and JSON:
//
//   struct SoftmaxAttributes {
//     float beta = 1;
//     template <class Self, class Visitor>
//     static void fields(Self& self, Visitor&& visit) { visit("beta", self.beta); }
//   };
//
// Members may be bool, int64_t, float, std::string, std::vector<int64_t>, DType, or an enumeration with EnumNames.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/dtype.h"
#include "base/error.h"

namespace pare {

// Spelling of each enumerator, in order, used in text forms, messages and JSON.
template <class Enum>
struct EnumNames;

enum class Padding { Same, Valid };  // as in TensorFlow: Same pads more at the end where the padding is odd
template <>
struct EnumNames<Padding> {
  static constexpr std::array<std::string_view, 2> names{"same", "valid"};
};

enum class Activation { None, Relu, ReluN1To1, Relu6, Tanh };
template <>
struct EnumNames<Activation> {
  static constexpr std::array<std::string_view, 5> names{"none", "relu", "relu_n1_to_1", "relu6", "tanh"};
};

template <class Enum>
concept NamedEnum = std::is_enum_v<Enum> && requires {
  EnumNames<Enum>::names;
};

template <NamedEnum Enum>
std::string_view to_string(Enum value) {
  return EnumNames<Enum>::names.at(static_cast<size_t>(value));
}

template <NamedEnum Enum>
std::optional<Enum> parse_enum(std::string_view name) {
  for (size_t i = 0; i < EnumNames<Enum>::names.size(); ++i)
    if (EnumNames<Enum>::names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

// A field's value without its static type; enumerations and DType appear as their names.
using AttributeValue = std::variant<bool, int64_t, float, std::string, std::vector<int64_t>>;
std::string to_string(const AttributeValue& value);  // true, 3, 0.5, name, [1, 2]

struct NoAttributes {
  template <class Self, class Visitor>
  static void fields(Self&, Visitor&&) {}
};

// Holds one attribute struct of any operator; a value type.
class Attributes {
 public:
  Attributes() : Attributes(NoAttributes{}) {}
  template <class T>
  requires(!std::same_as<std::decay_t<T>, Attributes>) Attributes(T attributes)
      : holder_(std::make_unique<Holder<T>>(std::move(attributes))) {}  // NOLINT: implicit by intent
  Attributes(const Attributes& other) : holder_(other.holder_->clone()) {}
  Attributes(Attributes&&) noexcept = default;
  Attributes& operator=(Attributes other) noexcept {
    holder_ = std::move(other.holder_);
    return *this;
  }

  template <class T>
  const T& as() const {
    PARE_CHECK(holder_->type() == typeid(T), "attributes are {}, asked for {}", holder_->type().name(),
               typeid(T).name());
    return static_cast<const Holder<T>&>(*holder_).value;
  }
  template <class T>
  T& as() {
    return const_cast<T&>(std::as_const(*this).as<T>());
  }
  template <class T>
  const T* get_if() const {
    return holder_->type() == typeid(T) ? &static_cast<const Holder<T>&>(*holder_).value : nullptr;
  }
  bool same_type_as(const Attributes& other) const { return holder_->type() == other.holder_->type(); }

  // Every field in declaration order.
  std::vector<std::pair<std::string, AttributeValue>> fields() const { return holder_->fields(); }
  // Sets one field by name; fails for an unknown name or a value of another kind. Integers are taken for floats.
  Expected<void> set(std::string_view name, const AttributeValue& value) { return holder_->set(name, value); }

  bool operator==(const Attributes& other) const { return same_type_as(other) && fields() == other.fields(); }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual const std::type_info& type() const = 0;
    virtual std::unique_ptr<Base> clone() const = 0;
    virtual std::vector<std::pair<std::string, AttributeValue>> fields() const = 0;
    virtual Expected<void> set(std::string_view name, const AttributeValue& value) = 0;
  };

  template <class Member>
  static AttributeValue to_value(const Member& member) {
    if constexpr (std::is_same_v<Member, DType>)
      return std::string(to_string(member));
    else if constexpr (NamedEnum<Member>)
      return std::string(to_string(member));
    else
      return member;
  }

  template <class Member>
  static bool assign(Member& member, const AttributeValue& value) {
    if constexpr (std::is_same_v<Member, DType> || NamedEnum<Member>) {
      const auto* name = std::get_if<std::string>(&value);
      if (name == nullptr) return false;
      std::optional<Member> parsed;
      if constexpr (std::is_same_v<Member, DType>)
        parsed = parse_dtype(*name);
      else
        parsed = parse_enum<Member>(*name);
      if (parsed) member = *parsed;
      return parsed.has_value();
    } else {
      if constexpr (std::is_same_v<Member, float>)
        if (const auto* integer = std::get_if<int64_t>(&value)) {
          member = static_cast<float>(*integer);
          return true;
        }
      const auto* same = std::get_if<Member>(&value);
      if (same != nullptr) member = *same;
      return same != nullptr;
    }
  }

  template <class T>
  struct Holder final : Base {
    explicit Holder(T v) : value(std::move(v)) {}
    const std::type_info& type() const override { return typeid(T); }
    std::unique_ptr<Base> clone() const override { return std::make_unique<Holder>(value); }
    std::vector<std::pair<std::string, AttributeValue>> fields() const override {
      std::vector<std::pair<std::string, AttributeValue>> out;
      T::fields(value, [&out](std::string_view name, const auto& member) { out.emplace_back(name, to_value(member)); });
      return out;
    }
    Expected<void> set(std::string_view name, const AttributeValue& given) override {
      bool found = false, taken = false;
      T::fields(value, [&](std::string_view field, auto& member) {
        if (field != name) return;
        found = true;
        taken = assign(member, given);
      });
      if (!found) return bad_input("there is no attribute '{}'", name);
      if (!taken) return bad_input("attribute '{}' cannot be {}", name, to_string(given));
      return {};
    }
    T value;
  };

  std::unique_ptr<Base> holder_;
};

}  // namespace pare
