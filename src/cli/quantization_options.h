// Options of the commands that quantise.
#pragma once

#include "cli/command.h"
#include "quant/config.h"

namespace pare::cli {

struct QuantizationOptions {
  PortType io = PortType::Float32;
  QuantConfig config;
  std::vector<std::string> layers, fixed;  // as they were typed

  // The configuration with what was typed in it.
  Expected<QuantConfig> finished() const;
};

void add_quantization_options(CLI::App& command, QuantizationOptions& options);

}  // namespace pare::cli
