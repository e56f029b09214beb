#include "cli/quantization_options.h"

namespace pare::cli {

Expected<QuantConfig> QuantizationOptions::finished() const {
  QuantConfig done = config;
  done.io = dtype_of(io);
  for (const std::string& text : layers) {
    PARE_ASSIGN(LayerBits layer, parse_layer_bits(text));
    done.layers.push_back(std::move(layer));
  }
  for (const std::string& text : fixed) {
    PARE_ASSIGN(FixedRange range, parse_fixed_range(text));
    done.fixed.push_back(std::move(range));
  }
  return done;
}

void add_quantization_options(CLI::App& command, QuantizationOptions& options) {
  QuantConfig& config = options.config;
  add_choice(command, "--io", options.io, "Type of inputs and outputs; int16 only with int16x8");

  const char* how = "How ranges and weights are chosen";
  command.add_option("--weight-bits", config.weight_bits, "Bits of weights; 4 and fewer are stored two in a byte")
      ->check(whole_number(2, 8))
      ->type_name("N")
      ->capture_default_str()
      ->group(how);
  command
      .add_option("--activation-bits", config.activation_bits,
                  "Bits of the activations that weights are multiplied with; others have 8, with int16x8 all have 16")
      ->check(whole_number(2, 8))
      ->type_name("N")
      ->capture_default_str()
      ->group(how);
  add_choice(command, "--range", config.range.method, "Ranges of activations")->group(how);
  command.add_option("--percentile", config.range.percentile, "For --range percentile")
      ->check(number(50, 100))
      ->type_name("P")
      ->capture_default_str()
      ->group(how);
  command
      .add_option("--fixed-range", options.fixed, "A range that is known, such as 'input=-1:1': tensor and both ends")
      ->type_name("PATTERN=LOW:HIGH")
      ->group(how);
  command.add_flag("--per-tensor", config.per_tensor, "One scale a weight tensor instead of one a channel")->group(how);
  command
      .add_option(
          "--scale-bits", config.scale_bits,
          fmt::format(
              "Significant bits of scales, {} to {}: every channel has one, and its bias another, which a download "
              "holds in full",
              kFewestScaleBits, kFloatBits))
      ->check(whole_number(kFewestScaleBits, kFloatBits))
      ->type_name("N")
      ->capture_default_str()
      ->group(how);

  const char* where = "Where";
  command.add_option("--include", config.include, "Only operators whose name matches one of these patterns (*, ?)")
      ->type_name("PATTERN")
      ->group(where);
  command.add_option("--exclude", config.exclude, "Operators that stay float")->type_name("PATTERN")->group(where);
  command
      .add_option("--layer", options.layers,
                  "Other bits for some operators, such as 'stem*=w8a8'; the last that matches counts")
      ->type_name("PATTERN=BITS")
      ->group(where);
}

}  // namespace pare::cli
