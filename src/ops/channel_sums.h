// Sums over rows of channels, and the linear passes over them that normalisations consist of: memory is what they cost, so each is one
// pass of vectors. Threads share the rows.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pare {

// Of tensors seen as [rows][channels]. Each method uses the workspace, as many bytes as workspace_bytes() says, aligned to 64.
class ChannelPasses {
 public:
  ChannelPasses(int64_t rows, int64_t channels, int threads);

  size_t workspace_bytes() const;

  // The sum of each channel.
  void sum(const float* src, float* sums, std::byte* workspace) const;
  // Of each channel, the sum of (src - centre)^2.
  void sum_squares(const float* src, const float* centre, float* sums, std::byte* workspace) const;
  // dst = limit(src * factor + offset), by channel.
  void scale(const float* src, const float* factor, const float* offset, float lowest, float highest, float* dst,
             std::byte* workspace) const;

  // A gradient that passes where lowest < dst < highest, else is 0: g.
  struct Gated {
    const float *ddst, *dst;
    float lowest, highest;
  };
  // Of each channel, the sums of g and of g * (src - centre).
  void sum_products(const Gated& g, const float* src, const float* centre, float* sums, float* products,
                    std::byte* workspace) const;
  // dsrc = g * scale + src * slope + offset, by channel.
  void combine(const Gated& g, const float* src, const float* scale, const float* slope, const float* offset,
               float* dsrc, std::byte* workspace) const;

  int64_t rows() const { return rows_ * fold_; }
  int64_t channels() const { return width_ / fold_; }

 private:
  template <class Add>
  void gather(int64_t kinds, std::byte* workspace, float* const* results, Add add) const;
  template <class Run>
  void over_rows(Run run) const;
  // Numbers of each channel, repeated for folded rows; `place` tells several apart.
  const float* repeated(const float* values, int place, std::byte* workspace) const;

  // Rows of few channels are seen as fewer rows of more, so that vectors are full: 8 channels as 32, four rows at once.
  int64_t fold_, rows_, width_;
  int threads_;
};

}  // namespace pare
