#include <algorithm>

#include "engine/avx512/product.h"

namespace pare::avx512 {
namespace {

constexpr int64_t kLanes = 16;
constexpr int64_t kMostVectors = 4;

}  // namespace

template <class Element, int kStep>
PackedWeights<Element, kStep>::PackedWeights(int64_t n, int64_t run_count, int64_t run_length) : n_(n) {
  const int64_t vectors = (n + kLanes - 1) / kLanes;
  const int64_t of_column = run_count * ((run_length + kStep - 1) / kStep) * kStep;
  elements_ = vectors * kLanes * of_column;
  // As many blocks as needed, of nearly equal width.
  const int64_t blocks = (vectors + kMostVectors - 1) / kMostVectors;
  for (int64_t b = 0; b < blocks; ++b) {
    const int64_t from = vectors * b / blocks, to = vectors * (b + 1) / blocks;
    blocks_.push_back({from * kLanes, static_cast<int>(to - from), from * kLanes * of_column});
  }
}

template <class Element, int kStep>
PackedWeights<Element, kStep>::PackedWeights(const Element* weights, int64_t n, int64_t run_count, int64_t run_length)
    : PackedWeights(n, run_count, run_length) {
  data_ = AlignedBytes(static_cast<size_t>(elements_) * sizeof(Element));
  auto* out = reinterpret_cast<Element*>(data_.data());
  const int64_t steps = (run_length + kStep - 1) / kStep;
  const auto pack_step = [&](int64_t column, int64_t run, int64_t step) {
    for (int64_t k = step * kStep; k < (step + 1) * kStep; ++k)
      *out++ = column < n && k < run_length ? weights[(column * run_count + run) * run_length + k] : Element{};
  };
  for (const Block& block : blocks_)
    for (int64_t run = 0; run < run_count; ++run)
      for (int64_t step = 0; step < steps; ++step)
        for (int64_t column = block.first; column < block.first + block.vectors * kLanes; ++column)
          pack_step(column, run, step);
}

template class PackedWeights<float, 1>;
template class PackedWeights<BFloat16, 2>;
template class PackedWeights<int8_t, 4>;

}  // namespace pare::avx512
