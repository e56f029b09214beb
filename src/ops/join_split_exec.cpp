#include "ops/join_split.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/kernel_types.h"
#include "ops/strided_loops.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return refuse_packed_types(request.result_type().dtype); }

int64_t inside(int64_t axis, int rank) { return axis < 0 ? axis + rank : axis; }

// What lies before and after a part of `extent` elements along one dimension of a whole.
struct Part {
  Part(const Shape& whole, int64_t axis, int64_t extent)
      : outer(whole.elements(0, static_cast<int>(axis))),
        inner(whole.elements(static_cast<int>(axis) + 1, whole.rank())),
        run(extent * inner),
        pitch(whole[static_cast<int>(axis)] * inner) {}

  StridedCopy into_whole(int64_t start) const {
    return StridedCopy({outer, run}, {run, 1}, {pitch, 1}, 0, start * inner);
  }
  StridedCopy out_of_whole(int64_t start) const {
    return StridedCopy({outer, run}, {pitch, 1}, {run, 1}, start * inner, 0);
  }

  int64_t outer, inner, run, pitch;
};

Expected<std::unique_ptr<Kernel>> make_join(std::vector<StridedCopy> copies, size_t width) {
  return make_kernel([copies = std::move(copies), width](const Buffers& buffers) {
    for (size_t i = 0; i < copies.size(); ++i) copies[i].run(buffers.src<void>(i), buffers.dst<void>(), width);
  });
}

Expected<std::unique_ptr<Kernel>> make_split(std::vector<StridedCopy> copies, size_t operand, size_t width) {
  return make_kernel([copies = std::move(copies), operand, width](const Buffers& buffers) {
    for (size_t i = 0; i < copies.size(); ++i) copies[i].run(buffers.src<void>(operand), buffers.dst<void>(i), width);
  });
}

std::string declines_concatenation(const KernelRequest& request) {
  if (request.node.attrs<ConcatenationAttributes>().activation != Activation::None) return "the fused activation";
  for (const Value* operand : request.node.operands)
    if (operand->type.quantization != request.result_type().quantization)
      return "operands and result have different scales";
  return declines(request);
}

Expected<std::unique_ptr<Kernel>> create_concatenation(const KernelRequest& request) {
  const Shape& dst = request.result_type().shape;
  const int64_t axis = inside(request.node.attrs<ConcatenationAttributes>().axis, dst.rank());
  std::vector<StridedCopy> copies;
  int64_t start = 0;
  for (size_t i = 0; i < request.node.operands.size(); ++i) {
    const int64_t extent = request.shape(i)[static_cast<int>(axis)];
    copies.push_back(Part(dst, axis, extent).into_whole(start));
    start += extent;
  }
  return make_join(std::move(copies), element_bytes(request.dtype()));
}

// Unsigned operands of different scales, rescaled in single precision as TFLite does it.
std::string declines_rescaled(const KernelRequest& request) {
  if (request.node.attrs<ConcatenationAttributes>().activation != Activation::None) return "the fused activation";
  if (request.result_type().dtype != DType::UInt8) return "operands and result have different scales";
  for (size_t i = 0; i < request.node.operands.size(); ++i)
    if (std::string reason = refuse_unquantized(request.type(i), "an operand"); !reason.empty()) return reason;
  return refuse_unquantized(request.result_type(), "the result");
}

std::array<uint8_t, 256> rescaling(const TensorType& src, const TensorType& dst) {
  std::array<uint8_t, 256> table;
  const bool same = src.quantization == dst.quantization;
  const float scale = src.quantization->scale() * (1.f / dst.quantization->scale());
  const float bias = static_cast<float>(-src.quantization->zero_point()) * scale;
  for (int32_t i = 0; i < 256; ++i) {
    const int64_t value =
        static_cast<int64_t>(std::round(static_cast<float>(i) * scale + bias)) + dst.quantization->zero_point();
    table[static_cast<size_t>(i)] = static_cast<uint8_t>(same ? i : std::clamp<int64_t>(value, 0, 255));
  }
  return table;
}

Expected<std::unique_ptr<Kernel>> create_rescaled(const KernelRequest& request) {
  const Shape& dst = request.result_type().shape;
  const auto axis = static_cast<int>(inside(request.node.attrs<ConcatenationAttributes>().axis, dst.rank()));
  struct Section {
    std::array<uint8_t, 256> table;
    int64_t run;
  };
  std::vector<Section> sections;
  const int64_t outer = dst.elements(0, axis);
  for (size_t i = 0; i < request.node.operands.size(); ++i)
    sections.push_back(
        {rescaling(request.type(i), request.result_type()), request.shape(i).elements(axis, dst.rank())});
  return make_kernel([outer, sections = std::move(sections)](const Buffers& buffers) {
    uint8_t* to = buffers.dst<uint8_t>();
    for (int64_t o = 0; o < outer; ++o)
      for (size_t i = 0; i < sections.size(); ++i)
        for (int64_t k = 0; k < sections[i].run; ++k)
          *to++ = sections[i].table[buffers.src<uint8_t>(i)[o * sections[i].run + k]];
  });
}

Expected<std::unique_ptr<Kernel>> create_pack(const KernelRequest& request) {
  const Shape& dst = request.result_type().shape;
  const Part part(dst, inside(request.node.attrs<PackAttributes>().axis, dst.rank()), 1);
  std::vector<StridedCopy> copies;
  for (size_t i = 0; i < request.node.operands.size(); ++i) copies.push_back(part.into_whole(static_cast<int64_t>(i)));
  return make_join(std::move(copies), element_bytes(request.dtype()));
}

Expected<std::unique_ptr<Kernel>> create_unpack(const KernelRequest& request) {
  const Shape& src = request.shape(0);
  const Part part(src, inside(request.node.attrs<UnpackAttributes>().axis, src.rank()), 1);
  std::vector<StridedCopy> copies;
  for (size_t i = 0; i < request.node.results.size(); ++i) copies.push_back(part.out_of_whole(static_cast<int64_t>(i)));
  return make_split(std::move(copies), 0, element_bytes(request.dtype()));
}

// Parts as large as the results, in order.
Expected<std::unique_ptr<Kernel>> create_parts(const KernelRequest& request, size_t operand, size_t axis_operand) {
  const Shape& src = request.shape(operand);
  const int64_t axis = inside(to_int64(*request.operand(axis_operand)->data)[0], src.rank());
  std::vector<StridedCopy> copies;
  int64_t start = 0;
  for (size_t i = 0; i < request.node.results.size(); ++i) {
    const int64_t extent = request.result_type(i).shape[static_cast<int>(axis)];
    copies.push_back(Part(src, axis, extent).out_of_whole(start));
    start += extent;
  }
  return make_split(std::move(copies), operand, element_bytes(request.dtype(operand)));
}

Expected<std::unique_ptr<Kernel>> create_split(const KernelRequest& request) { return create_parts(request, 1, 0); }
Expected<std::unique_ptr<Kernel>> create_split_v(const KernelRequest& request) { return create_parts(request, 0, 2); }

}  // namespace

ImplementationList exec_concatenation() {
  return {{"plain", declines_concatenation, create_concatenation}, {"integer", declines_rescaled, create_rescaled}};
}
ImplementationList exec_pack() { return {{"plain", declines, create_pack}}; }
ImplementationList exec_unpack() { return {{"plain", declines, create_unpack}}; }
ImplementationList exec_split() { return {{"plain", declines, create_split}}; }
ImplementationList exec_split_v() { return {{"plain", declines, create_split_v}}; }

}  // namespace pare
