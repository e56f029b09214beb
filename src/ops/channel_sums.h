// Sums over rows of channels, and the linear passes over them that normalisations consist of: memory is what they cost, so each is one
// pass of vectors. Threads share the rows; sums are added up in one phase of a kernel and read in the next.
#pragma once

#include "engine/kernel.h"

namespace pare {

// Of tensors seen as [rows][channels]. Takes the beginning of each share's scratch memory, as many bytes as workspace_bytes() says.
class ChannelPasses {
 public:
  ChannelPasses(int64_t rows, int64_t channels);

  size_t workspace_bytes() const;

  // One of four vectors of the share, in which the caller puts a number for each channel.
  float* vector(int which, const Buffers& buffers, Share share) const;

  // A gradient that passes where lowest < src * vector 0 + vector 1 < highest, else is 0: g.
  struct Gated {
    const float *ddst, *src;
    float lowest, highest;
  };
  // Add up, of each channel: src; or (src - vector 0) and its square; or g and g * (src - vector 2).
  void add_up(const float* src, const Buffers& buffers, Share share) const;
  void add_up_squares(const float* src, const Buffers& buffers, Share share) const;
  void add_up_products(const Gated& g, const Buffers& buffers, Share share) const;
  // In a later phase, the sum over all rows; `kind` is 0 or 1 where two things are added up.
  double total(int kind, int64_t channel, const Buffers& buffers, Share share) const;

  // dst = limit(src * vector 0 + vector 1), by channel.
  void scale(const float* src, float lowest, float highest, float* dst, const Buffers& buffers, Share share) const;
  // dsrc = g * vector 0 + src * vector 2 + vector 3, by channel.
  void combine(const Gated& g, float* dsrc, const Buffers& buffers, Share share) const;

  int64_t rows() const { return rows_ * fold_; }
  int64_t channels() const { return width_ / fold_; }

 private:
  template <class Add>
  void gather(int64_t kinds, const Buffers& buffers, Share share, Add add) const;
  // The vector, repeated for folded rows.
  const float* repeated(int which, const Buffers& buffers, Share share) const;

  // Rows of few channels are seen as fewer rows of more, so that vectors are full: 8 channels as 32, four rows at once.
  int64_t fold_, rows_, width_;
};

}  // namespace pare
