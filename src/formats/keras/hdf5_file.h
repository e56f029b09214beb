// HDF5 files from anywhere. The library that reads them runs in a process of its own, which holds little memory and little time: a file
// that crashes or hangs it gives an error.
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

class Hdf5File {
 public:
  // Both fail for what is not HDF5 or is cut short. The bytes are needed during the call only.
  static Expected<Hdf5File> open(const std::filesystem::path& path);
  static Expected<Hdf5File> from_bytes(std::span<const std::byte> bytes);

  // Whether a group or data set lies at this path ("model_weights/dense"). Links that lead out of the file do not count.
  bool has(const std::string& path) const;

  // A text attribute of the group at `path` ("" is the root); nothing where there is none.
  Expected<std::optional<std::string>> text(const std::string& path, const std::string& attribute) const;
  // A list of texts. h5py users store one too long for an attribute as `attribute0`, `attribute1`...; those are joined.
  Expected<std::optional<std::vector<std::string>>> texts(const std::string& path, const std::string& attribute) const;

  Expected<Shape> shape(const std::string& path) const;  // of a data set
  // A data set of any floating-point or integer type, or of bfloat16 stored as two opaque bytes, as float32. Fails where it claims
  // more elements than its stored bytes can hold.
  Expected<Tensor> floats(const std::string& path) const;

 private:
  struct State;
  explicit Hdf5File(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace pare
