// Float weights in the order, and of the type, that a kernel reads: put there once where they are constant, else in a phase of its own in front of
// each run.
#pragma once

#include <functional>

#include "base/tensor.h"
#include "engine/kernel.h"

namespace pare {

template <class Element>
class OrderedWeights {
 public:
  // Writes the part of columns of vectors [begin, end) of 16 to its places in `ordered`.
  using Order = std::function<void(const float* weights, int64_t begin, int64_t end, Element* ordered)>;

  OrderedWeights(const Value& weights, int64_t columns, int64_t elements, Order order)
      : order_(std::move(order)),
        vectors_((columns + 15) / 16),
        bytes_((static_cast<size_t>(elements) * sizeof(Element) + 63) / 64 * 64),
        constant_(weights.is_constant()) {
    if (!constant_) return;
    kept_ = AlignedBytes(bytes_);
    order_(weights.data->values<float>().data(), 0, vectors_, reinterpret_cast<Element*>(kept_.data()));
  }

  int phases() const { return constant_ ? 1 : 2; }
  // Does what this phase is for and says true, unless it is that of the kernel itself.
  bool ordered_in(Share share, const float* weights, const Buffers& buffers) const {
    if (constant_ || share.phase > 0) return false;
    order_(weights, share.begin(vectors_), share.end(vectors_), buffers.template scratch_of<Element>({}));
    return true;
  }
  // At the beginning of each share's scratch memory; that of the first holds the weights.
  size_t scratch_bytes() const { return constant_ ? 0 : bytes_; }
  const Element* data(const Buffers& buffers) const {
    return constant_ ? reinterpret_cast<const Element*>(kept_.data()) : buffers.template scratch_of<Element>({});
  }

 private:
  Order order_;
  int64_t vectors_;
  size_t bytes_;
  bool constant_;
  AlignedBytes kept_;
};

}  // namespace pare
