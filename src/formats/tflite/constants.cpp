#include "formats/tflite/constants.h"

#include <algorithm>

#include "formats/tflite/sparsity.h"

namespace pare::tflite {
namespace {

Expected<Tensor> dense_tensor(std::span<const std::byte> bytes, DType dtype, const Shape& shape) {
  const std::optional<int64_t> elements = shape.checked_elements();
  if (!elements) return bad_input("the shape {} of a constant is not a size in memory", shape.to_string());
  const size_t wanted = storage_bytes(dtype, *elements);
  if (bytes.size() != wanted)
    return bad_input("its buffer holds {} bytes; {}{} takes {}", bytes.size(), to_string(dtype), shape.to_string(),
                     wanted);
  if (dtype == DType::Bool && std::any_of(bytes.begin(), bytes.end(), [](std::byte b) { return b > std::byte{1}; }))
    return bad_input("a boolean is neither 0 nor 1");
  return Tensor(dtype, shape, bytes);
}

}  // namespace

Expected<std::span<const std::byte>> Constants::bytes(uint32_t index) const {
  const auto* buffers = model_.buffers();
  if (buffers == nullptr || index >= buffers->size())
    return bad_input("buffer {} of a file with {} buffers", index, buffers == nullptr ? 0 : buffers->size());
  const schema::Buffer& buffer = *buffers->Get(index);
  // Offsets 0 and 1 stand for "not used": writers of large files put a 1 there before they know the place.
  if (buffer.offset() > 1) {
    if (buffer.offset() > file_.size() || buffer.size() > file_.size() - buffer.offset())
      return bad_input("buffer {} is said to lie at {} with {} bytes; the file has {}", index, buffer.offset(),
                       buffer.size(), file_.size());
    return file_.subspan(buffer.offset(), buffer.size());
  }
  if (buffer.data() == nullptr) return std::span<const std::byte>{};
  return std::as_bytes(std::span(buffer.data()->data(), buffer.data()->size()));
}

Expected<Tensor> Constants::tensor(const schema::Tensor& record, DType dtype, const Shape& shape) {
  PARE_ASSIGN(const auto stored, bytes(record.buffer()));
  if (record.sparsity() != nullptr) return densify(*record.sparsity(), dtype, shape, stored);
  std::vector<Tensor>& made = made_[record.buffer()];
  for (const Tensor& twin : made)
    if (twin.dtype() == dtype && shape.checked_elements() == twin.elements()) return twin.reshaped(shape);
  PARE_ASSIGN(Tensor tensor, dense_tensor(stored, dtype, shape));
  made.push_back(tensor);
  return tensor;
}

}  // namespace pare::tflite
