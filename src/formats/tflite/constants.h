// Buffers of a .tflite file and the constants made of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/tensor.h"
#include "tflite/schema_generated.h"

namespace pare::tflite {

class Constants {
 public:
  Constants(const schema::Model& model, std::span<const std::byte> file) : model_(model), file_(file) {}

  // The bytes of buffer `index`; empty for one without data. Fails where index, offset or size lie outside the file.
  Expected<std::span<const std::byte>> bytes(uint32_t index) const;

  // The dense value of a tensor whose buffer holds data. Tensors of one buffer, type and size share their bytes.
  Expected<Tensor> tensor(const schema::Tensor& record, DType dtype, const Shape& shape);

 private:
  const schema::Model& model_;
  std::span<const std::byte> file_;
  std::map<uint32_t, std::vector<Tensor>> made_;  // dense ones, by buffer
};

}  // namespace pare::tflite
