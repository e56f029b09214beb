// The oldest TensorFlow Lite runtime that knows a version of an operator.
// Source: the table of tensorflow/compiler/mlir/lite/tools/versioning/runtime_version.cc.
#pragma once

#include <compare>
#include <string>

#include "ir/model.h"

namespace pare::tflite {

struct RuntimeVersion {
  int major = 0, minor = 0, patch = 0;

  auto operator<=>(const RuntimeVersion&) const = default;
  std::string to_string() const { return fmt::format("{}.{}.{}", major, minor, patch); }
};

// The name of the metadata entry that carries it, and its size in the file: the text, padded with zeros.
inline constexpr const char* kRuntimeVersionName = "min_runtime_version";
inline constexpr size_t kRuntimeVersionBytes = 16;

// What all operators of a model need, in the versions that they are written with.
RuntimeVersion minimum_runtime_version(const Model& model);

}  // namespace pare::tflite
