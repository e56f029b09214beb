#include "ops/gather.h"

#include <algorithm>
#include <cstring>

#include "ops/kernel_types.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return refuse_packed_types(request.dtype()); }

Expected<std::unique_ptr<Kernel>> create_gather(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<GatherAttributes>();
  const Shape &src = request.shape(0), &indices = request.shape(1);
  const auto axis = static_cast<int>(attributes.axis < 0 ? attributes.axis + src.rank() : attributes.axis);
  const auto batch_dims =
      static_cast<int>(attributes.batch_dims < 0 ? attributes.batch_dims + indices.rank() : attributes.batch_dims);
  const int64_t batches = src.elements(0, batch_dims), outer = src.elements(batch_dims, axis), extent = src[axis];
  const int64_t lookups = indices.elements(batch_dims, indices.rank());
  const size_t slice = static_cast<size_t>(src.elements(axis + 1, src.rank())) * element_bytes(request.dtype());
  return make_kernel([=, index = Indices(request, 1)](const Buffers& buffers) {
    std::byte* dst = buffers.dst<std::byte>();
    for (int64_t b = 0; b < batches; ++b)
      for (int64_t o = 0; o < outer; ++o) {
        const std::byte* src_at = buffers.src<std::byte>() + static_cast<size_t>((b * outer + o) * extent) * slice;
        for (int64_t i = 0; i < lookups; ++i, dst += slice) {
          const int64_t at = index(buffers, b * lookups + i);
          if (at >= 0 && at < extent)
            std::memcpy(dst, src_at + static_cast<size_t>(at) * slice, slice);
          else
            std::memset(dst, 0, slice);
        }
      }
  });
}

// Turns rows of indices into places of slices in a tensor.
class RowPlaces {
 public:
  RowPlaces(const KernelRequest& request, size_t operand, const Shape& tensor) : index_(request, operand) {
    const Shape& indices = request.shape(operand);
    depth_ = indices[-1];
    count = indices.elements(0, indices.rank() - 1);
    slice = tensor.elements(static_cast<int>(depth_), tensor.rank());
    extents_.assign(tensor.begin(), tensor.begin() + depth_);
  }
  // Number of the slice that row i names; -1 where it lies outside.
  int64_t place(const Buffers& buffers, int64_t i) const {
    int64_t at = 0;
    for (int64_t k = 0; k < depth_; ++k) {
      const int64_t index = index_(buffers, i * depth_ + k), extent = extents_[static_cast<size_t>(k)];
      if (index < 0 || index >= extent) return -1;
      at = at * extent + index;
    }
    return at;
  }

  int64_t count = 0, slice = 0;  // rows; elements of a slice

 private:
  Indices index_;
  int64_t depth_ = 0;
  std::vector<int64_t> extents_;
};

Expected<std::unique_ptr<Kernel>> create_gather_nd(const KernelRequest& request) {
  const RowPlaces rows(request, 1, request.shape(0));
  return make_kernel(
      [rows, bytes = static_cast<size_t>(rows.slice) * element_bytes(request.dtype())](const Buffers& buffers) {
        for (int64_t i = 0; i < rows.count; ++i) {
          std::byte* dst = buffers.dst<std::byte>() + static_cast<size_t>(i) * bytes;
          const int64_t place = rows.place(buffers, i);
          if (place >= 0)
            std::memcpy(dst, buffers.src<std::byte>() + static_cast<size_t>(place) * bytes, bytes);
          else
            std::memset(dst, 0, bytes);
        }
      });
}

std::string declines_scatter(const KernelRequest& request) {
  return refuse_other_types<float, int8_t, uint8_t, int32_t, int64_t>(request.dtype(1));
}

Expected<std::unique_ptr<Kernel>> create_scatter_nd(const KernelRequest& request) {
  return with_type<float, int8_t, uint8_t, int32_t, int64_t>(request.dtype(1), [&]<class T>(T) {
    return make_kernel([rows = RowPlaces(request, 0, request.result_type().shape),
                        count = request.result_type().shape.elements()](const Buffers& buffers) {
      T* dst = buffers.dst<T>();
      std::fill_n(dst, count, T{0});
      for (int64_t i = 0; i < rows.count; ++i) {
        const int64_t place = rows.place(buffers, i);
        for (int64_t k = 0; place >= 0 && k < rows.slice; ++k)
          dst[place * rows.slice + k] =
              static_cast<T>(dst[place * rows.slice + k] + buffers.src<T>(1)[i * rows.slice + k]);
      }
    });
  });
}

std::string declines_one_hot(const KernelRequest& request) { return refuse_packed_types(request.dtype(2)); }

Expected<std::unique_ptr<Kernel>> create_one_hot(const KernelRequest& request) {
  const Shape &indices = request.shape(0), &dst = request.result_type().shape;
  const int64_t given = request.node.attrs<OneHotAttributes>().axis;
  const auto axis = static_cast<int>(given < 0 ? given + dst.rank() : given);
  const int64_t outer = indices.elements(0, axis), inner = indices.elements(axis, indices.rank()), depth = dst[axis];
  const size_t width = element_bytes(request.dtype(2));
  return make_kernel([=, index = Indices(request, 0)](const Buffers& buffers) {
    std::byte* to = buffers.dst<std::byte>();
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t d = 0; d < depth; ++d)
        for (int64_t i = 0; i < inner; ++i, to += width)
          std::memcpy(to, buffers.src<std::byte>(index(buffers, o * inner + i) == d ? 2 : 3), width);
  });
}

}  // namespace

ImplementationList exec_gather() { return {{"plain", declines, create_gather}}; }
ImplementationList exec_gather_nd() { return {{"plain", declines, create_gather_nd}}; }
ImplementationList exec_scatter_nd() { return {{"plain", declines_scatter, create_scatter_nd}}; }
ImplementationList exec_one_hot() { return {{"plain", declines_one_hot, create_one_hot}}; }

}  // namespace pare
