// An HDF5 file that is built in memory, from data of our own. The same steps give the same bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"

namespace pare {

// The first failure is remembered and what follows is skipped; bytes() gives it.
class Hdf5Image {
 public:
  Hdf5Image();

  // A group and those on the way to it, where they do not exist yet.
  void group(const std::string& path);
  // A text attribute of the group at `path` ("" is the root).
  void text(const std::string& path, const std::string& attribute, const std::string& value);
  // A list of texts, as h5py users store it: one too long for an attribute as `attribute0`, `attribute1`...
  void texts(const std::string& path, const std::string& attribute, const std::vector<std::string>& values);
  // A data set of float32 or int64.
  void tensor(const std::string& path, const Tensor& data);

  Expected<std::vector<std::byte>> bytes();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pare
