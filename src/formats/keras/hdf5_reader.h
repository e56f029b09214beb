// Reads HDF5 files; beside Hdf5Image, which writes ours, the only place that sees the HDF5 library. The library trusts what it reads:
// hostile bytes can crash it, hang it or make it write beyond its buffers. So this runs in a process of its own; everybody else uses
// Hdf5File.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

class Hdf5Reader {
 public:
  static Expected<Hdf5Reader> open(const std::filesystem::path& path);
  static Expected<Hdf5Reader> from_bytes(std::span<const std::byte> bytes);

  // As those of Hdf5File; `texts` looks at this one attribute.
  bool has(const std::string& path) const;
  Expected<std::optional<std::vector<std::string>>> texts(const std::string& path, const std::string& attribute) const;
  Expected<Shape> shape(const std::string& path) const;
  Expected<Tensor> floats(const std::string& path) const;

 private:
  struct State;
  explicit Hdf5Reader(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace pare
