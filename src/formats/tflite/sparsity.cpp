#include "formats/tflite/sparsity.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace pare::tflite {
namespace {

// Networks prune to one value in twenty at most; far beyond that a size is not believed.
constexpr size_t kPlausibleRatio = 64;
constexpr size_t kAlwaysPlausible = size_t{1} << 20;

// One level of the traversal.
struct Level {
  int64_t extent = 0;  // positions of a dense level
  bool compressed = false;
  std::vector<int64_t> segments, indices;
  int dimension = 0;  // of the tensor
  int64_t step = 1;   // elements of that dimension for one position: the block size for an outer level
};

template <class Vector>
std::vector<int64_t> values_of(const Vector* vector) {
  if (vector == nullptr || vector->values() == nullptr) return {};
  return {vector->values()->begin(), vector->values()->end()};
}

std::vector<int64_t> index_vector(schema::SparseIndexVector kind, const void* table) {
  switch (kind) {
    case schema::SparseIndexVector::Int32Vector: return values_of(static_cast<const schema::Int32Vector*>(table));
    case schema::SparseIndexVector::Uint16Vector: return values_of(static_cast<const schema::Uint16Vector*>(table));
    case schema::SparseIndexVector::Uint8Vector: return values_of(static_cast<const schema::Uint8Vector*>(table));
    case schema::SparseIndexVector::NONE: break;
  }
  return {};
}

std::vector<int64_t> integers(const flatbuffers::Vector<int32_t>* vector) {
  return vector == nullptr ? std::vector<int64_t>{} : std::vector<int64_t>(vector->begin(), vector->end());
}

// Extents, order and blocks of the levels, checked against the shape; the compressed ones' indices are checked while walking.
Expected<std::vector<Level>> read_levels(const schema::SparsityParameters& sparsity, const Shape& shape) {
  const std::vector<int64_t> order = integers(sparsity.traversal_order()), blocks = integers(sparsity.block_map());
  const auto rank = static_cast<size_t>(shape.rank());
  const size_t count = rank + blocks.size();
  if (blocks.size() > rank || order.size() != count || sparsity.dim_metadata() == nullptr ||
      sparsity.dim_metadata()->size() != count)
    return bad_input("sparse storage of {} levels for {} dimensions and {} blocks", order.size(), rank, blocks.size());
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < count; ++i)
    if (sorted[i] != static_cast<int64_t>(i))
      return bad_input("the traversal order of sparse storage is not a permutation");
  std::vector<Level> levels(count);
  std::vector<int64_t> block_size(rank, 1);
  for (size_t i = 0; i < count; ++i) {
    const auto at = static_cast<size_t>(order[i]);
    const schema::DimensionMetadata& record = *sparsity.dim_metadata()->Get(static_cast<flatbuffers::uoffset_t>(i));
    Level& level = levels[i];
    level.extent = record.dense_size();
    level.compressed = record.format() == schema::DimensionType::SPARSE_CSR;
    level.segments = index_vector(record.array_segments_type(), record.array_segments());
    level.indices = index_vector(record.array_indices_type(), record.array_indices());
    const int64_t dimension = at < rank ? static_cast<int64_t>(at) : blocks[at - rank];
    if (dimension < 0 || dimension >= static_cast<int64_t>(rank))
      return bad_input("a sparse block of dimension {}", dimension);
    level.dimension = static_cast<int>(dimension);
    if (at < rank) continue;
    if (level.compressed || level.extent < 1 || block_size[static_cast<size_t>(dimension)] != 1)
      return bad_input("a sparse block of {} elements; one dense block of at least 1 a dimension was expected",
                       level.extent);
    block_size[static_cast<size_t>(dimension)] = level.extent;
  }
  for (size_t i = 0; i < count; ++i) {
    if (static_cast<size_t>(order[i]) >= rank) continue;
    const int64_t block = block_size[static_cast<size_t>(levels[i].dimension)], extent = shape[levels[i].dimension];
    levels[i].step = block;
    if (extent % block != 0 || (!levels[i].compressed && levels[i].extent != extent / block))
      return bad_input("sparse storage of {} times {} elements for an extent of {}", levels[i].extent, block, extent);
  }
  return levels;
}

// Walks the levels and copies each stored value to its place.
class Scatter {
 public:
  Scatter(const std::vector<Level>& levels, Tensor& dense, std::span<const std::byte> stored)
      : levels_(levels),
        strides_(row_major_strides(dense.shape())),
        shape_(dense.shape()),
        out_(dense.mutable_bytes()),
        stored_(stored),
        width_(static_cast<size_t>(bit_width(dense.dtype()) / 8)) {}

  Expected<void> run() {
    std::vector<int64_t> place(static_cast<size_t>(shape_.rank()), 0);
    PARE_TRY(walk(0, 0, place));
    if (next_ != stored_.size())
      return bad_input("sparse storage leaves {} of {} bytes unread", stored_.size() - next_, stored_.size());
    return {};
  }

 private:
  // `position`: of the parent level, counted over all of its parents.
  Expected<void> walk(size_t depth, int64_t position, std::vector<int64_t>& place) {
    if (depth == levels_.size()) return copy(place);
    const Level& level = levels_[depth];
    int64_t& coordinate = place[static_cast<size_t>(level.dimension)];
    const int64_t outer = coordinate;
    int64_t first = 0, last = level.extent;
    if (level.compressed) {
      if (position < 0 || position + 1 >= static_cast<int64_t>(level.segments.size()))
        return bad_input("sparse row {} has no segment", position);
      first = level.segments[static_cast<size_t>(position)];
      last = level.segments[static_cast<size_t>(position) + 1];
      if (first < 0 || last < first || last > static_cast<int64_t>(level.indices.size()))
        return bad_input("sparse row {} holds entries {} to {} of {}", position, first, last, level.indices.size());
    }
    for (int64_t i = first; i < last; ++i) {
      const int64_t index = level.compressed ? level.indices[static_cast<size_t>(i)] : i;
      coordinate = outer + index * level.step;
      if (index < 0 || coordinate >= shape_[level.dimension])
        return bad_input("sparse index {} in an extent of {}", index, shape_[level.dimension]);
      if (level.compressed && i > first && index <= level.indices[static_cast<size_t>(i) - 1])
        return bad_input("the sparse indices of row {} do not rise", position);
      PARE_TRY(walk(depth + 1, level.compressed ? i : position * level.extent + i, place));
    }
    coordinate = outer;
    return {};
  }

  Expected<void> copy(const std::vector<int64_t>& place) {
    if (stored_.size() - next_ < width_)
      return bad_input("sparse storage ends after {} bytes; more values are announced", stored_.size());
    int64_t offset = 0;
    for (size_t i = 0; i < place.size(); ++i) offset += place[i] * strides_[i];
    std::memcpy(out_.data() + static_cast<size_t>(offset) * width_, stored_.data() + next_, width_);
    next_ += width_;
    return {};
  }

  const std::vector<Level>& levels_;
  std::vector<int64_t> strides_;
  const Shape& shape_;
  std::span<std::byte> out_;
  std::span<const std::byte> stored_;
  size_t width_;
  size_t next_ = 0;
};

}  // namespace

Expected<Tensor> densify(const schema::SparsityParameters& sparsity, DType dtype, const Shape& shape,
                         std::span<const std::byte> stored) {
  if (bit_width(dtype) % 8 != 0)
    return unsupported("sparse storage of {}; whole bytes an element are read", to_string(dtype));
  const std::optional<int64_t> elements = shape.checked_elements();
  if (!elements || storage_bytes(dtype, *elements) > std::max(kAlwaysPlausible, kPlausibleRatio * stored.size()))
    return bad_input("{} stored bytes for a sparse constant of shape {}", stored.size(), shape.to_string());
  PARE_ASSIGN(const std::vector<Level> levels, read_levels(sparsity, shape));
  Tensor dense(dtype, shape);
  PARE_TRY(Scatter(levels, dense, stored).run());
  return dense;
}

}  // namespace pare::tflite
