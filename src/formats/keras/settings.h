// Typed access to a layer's settings in the JSON of a model file.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/shape.h"

namespace pare::keras {

using Json = nlohmann::json;

// Text to JSON; fails for what is malformed or nested absurdly deep.
Expected<Json> parse_json(std::string_view text);

// Reads settings one by one. The first that is missing or of the wrong kind is remembered and a harmless value is given instead, so
// a builder reads all it needs and asks `status()` once before it uses any of them.
class Settings {
 public:
  explicit Settings(const Json& json) : json_(&json) {}

  const Json* find(std::string_view key) const;  // null where it is missing or null in the file

  int64_t integer(std::string_view key, std::optional<int64_t> fallback = std::nullopt);
  double number(std::string_view key, std::optional<double> fallback = std::nullopt);
  bool flag(std::string_view key, bool fallback);
  std::string text(std::string_view key, std::optional<std::string> fallback = std::nullopt);
  // A list of `count` integers; a single integer stands for all of them. With count 0, a list of any length.
  std::vector<int64_t> integers(std::string_view key, size_t count, std::optional<int64_t> fallback = std::nullopt);

  // The first error met so far.
  Expected<void> status() const;

 private:
  void wrong(std::string_view key, std::string_view expected);

  const Json* json_;
  std::optional<Error> error_;
};

// A shape as Keras writes it: a list of extents with null for unknown ones.
Expected<Shape> parse_shape(const Json& json);

// A value of the JSON for messages, cut where it is long.
std::string excerpt(const Json& json);

}  // namespace pare::keras
