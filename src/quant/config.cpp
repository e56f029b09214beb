#include "quant/config.h"

#include <charconv>
#include <regex>

#include "quant/glob.h"

namespace pare {
namespace {

// What stands in front of the last '=', and behind it.
std::pair<std::string, std::string> halves(const std::string& text) {
  const size_t at = text.rfind('=');
  if (at == std::string::npos || at == 0) return {};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool reads_as(const std::string& text, float& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

LayerBits bits_asked_of(const QuantConfig& config, const std::string& name) {
  LayerBits bits{name};
  for (const LayerBits& layer : config.layers) {
    if (!matches_glob(layer.pattern, name)) continue;
    if (layer.weights != 0) bits.weights = layer.weights;
    if (layer.activations != 0) bits.activations = layer.activations;
  }
  return bits;
}

int weight_bits_of(const QuantConfig& config, const std::string& name) {
  const int asked = bits_asked_of(config, name).weights;
  return asked != 0 ? asked : config.weight_bits;
}

Expected<LayerBits> parse_layer_bits(const std::string& text) {
  const auto [pattern, bits] = halves(text);
  static const std::regex form("(?:[wW]([0-9]{1,2}))?(?:[aA]([0-9]{1,2}))?");
  std::smatch found;
  if (bits.empty() || !std::regex_match(bits, found, form))
    return usage_error(
        "'{}' is no setting of bits; a pattern and bits were expected, such as 'stem*=w8a8' or 'head=w4'", text);
  const auto number = [&](size_t i) { return found[i].matched ? std::stoi(found[i].str()) : 0; };
  return LayerBits{pattern, number(1), number(2)};
}

Expected<FixedRange> parse_fixed_range(const std::string& text) {
  const auto [pattern, ends] = halves(text);
  const size_t colon = ends.find(':');
  FixedRange fixed{pattern, {}};
  if (colon == std::string::npos || !reads_as(ends.substr(0, colon), fixed.range.lowest) ||
      !reads_as(ends.substr(colon + 1), fixed.range.highest))
    return usage_error("'{}' is no range; a pattern and two ends were expected, such as 'input=-1:1'", text);
  return fixed;
}

}  // namespace pare
