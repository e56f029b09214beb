#include "formats/keras/settings.h"

#include <cmath>
#include <limits>

namespace pare::keras {
namespace {

constexpr int kDeepestNesting = 200;
constexpr int64_t kLargestInteger =
    std::numeric_limits<int32_t>::max();  // extents and strides are 32-bit integers in model files

bool is_sane_integer(const Json& json) {
  return json.is_number_integer() &&
         (!json.is_number_unsigned() || json.get<uint64_t>() <= static_cast<uint64_t>(kLargestInteger)) &&
         json.get<int64_t>() >= -kLargestInteger && json.get<int64_t>() <= kLargestInteger;
}

}  // namespace

Expected<Json> parse_json(std::string_view text) {
  int deepest = 0;
  const auto watch = [&deepest](int depth, Json::parse_event_t, const Json&) {
    deepest = std::max(deepest, depth);
    return depth <= kDeepestNesting;  // deeper parts are dropped, and refused below
  };
  Json json = Json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (deepest > kDeepestNesting) return bad_input("the configuration nests more than {} levels", kDeepestNesting);
  if (json.is_discarded()) return bad_input("the configuration is not well-formed JSON");
  return json;
}

std::string excerpt(const Json& json) {
  constexpr size_t kLongest = 80;
  std::string text = json.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "...";
  return text;
}

const Json* Settings::find(std::string_view key) const {
  if (!json_->is_object()) return nullptr;
  const auto found = json_->find(key);
  return found == json_->end() || found->is_null() ? nullptr : &*found;
}

void Settings::wrong(std::string_view key, std::string_view expected) {
  if (error_) return;
  const Json* found = find(key);
  error_ = Error{ErrorCode::BadInput,
                 found == nullptr ? fmt::format("setting '{}' is missing, {} was expected", key, expected)
                                  : fmt::format("setting '{}' is {}, {} was expected", key, excerpt(*found), expected),
                 {},
                 nullptr};
}

int64_t Settings::integer(std::string_view key, std::optional<int64_t> fallback) {
  const Json* found = find(key);
  if (found != nullptr && is_sane_integer(*found)) return found->get<int64_t>();
  if (found != nullptr || !fallback) wrong(key, "an integer");
  return fallback.value_or(1);
}

double Settings::number(std::string_view key, std::optional<double> fallback) {
  const Json* found = find(key);
  if (found != nullptr && found->is_number() && std::isfinite(found->get<double>())) return found->get<double>();
  if (found != nullptr || !fallback) wrong(key, "a number");
  return fallback.value_or(1);
}

bool Settings::flag(std::string_view key, bool fallback) {
  const Json* found = find(key);
  if (found != nullptr && found->is_boolean()) return found->get<bool>();
  if (found != nullptr && (*found == 0 || *found == 1))
    return *found == 1;  // Python takes integers for truth values, so files hold them
  if (found != nullptr) wrong(key, "true or false");
  return fallback;
}

std::string Settings::text(std::string_view key, std::optional<std::string> fallback) {
  const Json* found = find(key);
  if (found != nullptr && found->is_string()) return found->get<std::string>();
  if (found != nullptr || !fallback) wrong(key, "a text");
  return fallback.value_or("");
}

std::vector<int64_t> Settings::integers(std::string_view key, size_t count, std::optional<int64_t> fallback) {
  const Json* found = find(key);
  if (found == nullptr && fallback) return std::vector<int64_t>(count, *fallback);
  if (found != nullptr && is_sane_integer(*found))
    return std::vector<int64_t>(std::max<size_t>(count, 1), found->get<int64_t>());
  if (found != nullptr && found->is_array() && (count == 0 || found->size() == count) &&
      std::all_of(found->begin(), found->end(), is_sane_integer))
    return found->get<std::vector<int64_t>>();
  wrong(key, count == 0 ? "a list of integers" : fmt::format("{} integers", count));
  return std::vector<int64_t>(count, 1);
}

Expected<void> Settings::status() const {
  if (error_) return Failure(*error_);
  return {};
}

Expected<Shape> parse_shape(const Json& json) {
  if (!json.is_array()) return bad_input("the shape {} is not a list", excerpt(json));
  Shape shape;
  for (const Json& extent : json) {
    if (!extent.is_null() && !(is_sane_integer(extent) && extent.get<int64_t>() >= 1))
      return bad_input("the shape {} holds {}, a positive integer or null was expected", excerpt(json),
                       excerpt(extent));
    shape.push_back(extent.is_null() ? kDynamic : extent.get<int64_t>());
  }
  return shape;
}

}  // namespace pare::keras
