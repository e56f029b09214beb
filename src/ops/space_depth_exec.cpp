#include "ops/space_depth.h"

#include <algorithm>

#include "ops/kernel_types.h"
#include "ops/strided_loops.h"

namespace pare {
namespace {

std::string declines(const KernelRequest& request) { return refuse_packed_types(request.dtype()); }

Expected<std::unique_ptr<Kernel>> make_copies(const KernelRequest& request, std::vector<StridedCopy> copies,
                                              std::optional<int64_t> background) {
  const TensorType& dst = request.result_type();
  return make_kernel([=, copies = std::move(copies), width = element_bytes(dst.dtype),
                      count = dst.shape.elements()](const Buffers& buffers) {
    if (background && width == 2)
      std::fill_n(buffers.dst<int16_t>(), count, static_cast<int16_t>(*background));
    else if (background)
      std::memset(buffers.dst<void>(), static_cast<int>(*background), static_cast<size_t>(count) * width);
    for (const StridedCopy& copy : copies) copy.run(buffers.src<void>(), buffers.dst<void>(), width);
  });
}

// Both directions walk N, y, x, i, j, c; `space` has the larger image, `depth` the more channels.
struct BlockWalk {
  BlockWalk(const Shape& space, const Shape& depth, int64_t b) {
    const int64_t c = space[3], row = space[2] * c;
    extents = {space[0], depth[1], depth[2], b, b, c};
    in_space = {space[1] * row, b * row, b * c, row, c, 1};
    in_depth = {depth[1] * depth[2] * depth[3], depth[2] * depth[3], depth[3], b * c, c, 1};
  }
  std::vector<int64_t> extents, in_space, in_depth;
};

Expected<std::unique_ptr<Kernel>> create_space_to_depth(const KernelRequest& request) {
  const BlockWalk walk(request.shape(0), request.result_type().shape, request.node.attrs<BlockAttributes>().block_size);
  return make_copies(request, {StridedCopy(walk.extents, walk.in_space, walk.in_depth)}, std::nullopt);
}

Expected<std::unique_ptr<Kernel>> create_depth_to_space(const KernelRequest& request) {
  const BlockWalk walk(request.result_type().shape, request.shape(0), request.node.attrs<BlockAttributes>().block_size);
  return make_copies(request, {StridedCopy(walk.extents, walk.in_depth, walk.in_space)}, std::nullopt);
}

// For space_to_batch_nd and its inverse: one walk for each position in a block, over the elements of `space` that it takes,
// which stand at block * y + position - before. `before` is the padding or crop in front.
struct BatchWalk {
  std::vector<int64_t> extents, in_space, in_batch;
  int64_t space_offset = 0, batch_offset = 0;
};

std::vector<BatchWalk> batch_walks(const Shape& space, const Shape& batch, const std::vector<int64_t>& block,
                                   const std::vector<int64_t>& pairs) {
  const std::vector<int64_t> space_strides = row_major_strides(space), batch_strides = row_major_strides(batch);
  const int64_t positions = batch[0] / std::max<int64_t>(space[0], 1);
  std::vector<BatchWalk> walks;
  for (int64_t position = 0; position < positions; ++position) {
    BatchWalk walk{space.dims(), space_strides, batch_strides, 0, position * space[0] * batch_strides[0]};
    int64_t rest = position;
    for (size_t i = block.size(); i-- > 0;) {
      const size_t d = i + 1;
      const int64_t shift = pairs[2 * i] - rest % block[i];  // y of batch reads block * y - shift of space
      rest /= block[i];
      const int64_t first = std::max<int64_t>(0, (shift + block[i] - 1) / block[i]);
      const int64_t last = std::min(batch.dims()[d], (space.dims()[d] + shift + block[i] - 1) / block[i]);
      walk.extents[d] = std::max<int64_t>(0, last - first);
      walk.space_offset += (first * block[i] - shift) * space_strides[d];
      walk.batch_offset += first * batch_strides[d];
      walk.in_space[d] *= block[i];
    }
    walks.push_back(std::move(walk));
  }
  return walks;
}

Expected<std::unique_ptr<Kernel>> create_space_to_batch(const KernelRequest& request) {
  std::vector<StridedCopy> copies;
  for (const BatchWalk& walk : batch_walks(request.shape(0), request.result_type().shape,
                                           to_int64(*request.operand(1)->data), to_int64(*request.operand(2)->data)))
    copies.emplace_back(walk.extents, walk.in_space, walk.in_batch, walk.space_offset, walk.batch_offset);
  const TensorType& dst = request.result_type();
  return make_copies(request, std::move(copies), dst.is_quantized() ? dst.quantization->zero_point() : 0);
}

Expected<std::unique_ptr<Kernel>> create_batch_to_space(const KernelRequest& request) {
  std::vector<StridedCopy> copies;
  for (const BatchWalk& walk : batch_walks(request.result_type().shape, request.shape(0),
                                           to_int64(*request.operand(1)->data), to_int64(*request.operand(2)->data)))
    copies.emplace_back(walk.extents, walk.in_batch, walk.in_space, walk.batch_offset, walk.space_offset);
  return make_copies(request, std::move(copies), std::nullopt);
}

}  // namespace

ImplementationList exec_space_to_depth() { return {{"plain", declines, create_space_to_depth}}; }
ImplementationList exec_depth_to_space() { return {{"plain", declines, create_depth_to_space}}; }
ImplementationList exec_space_to_batch_nd() { return {{"plain", declines, create_space_to_batch}}; }
ImplementationList exec_batch_to_space_nd() { return {{"plain", declines, create_batch_to_space}}; }

}  // namespace pare
