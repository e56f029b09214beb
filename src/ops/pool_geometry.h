// Where the windows of a pooling lie: shared by its kernels and those of its gradient.
#pragma once

#include <algorithm>

#include "ops/pool_2d.h"

namespace pare {

struct PoolGeometry {
  PoolGeometry(const Pool2dAttributes& attributes, const Shape& src, const Shape& dst)
      : batch(src[0]),
        src_h(src[1]),
        src_w(src[2]),
        channels(src[3]),
        dst_h(dst[1]),
        dst_w(dst[2]),
        h(attributes.h()),
        w(attributes.w()),
        pad_h(padding_extents(src_h, dst_h, h, attributes.padding)),
        pad_w(padding_extents(src_w, dst_w, w, attributes.padding)) {}

  int64_t batch, src_h, src_w, channels, dst_h, dst_w;
  Window h, w;
  PaddingExtents pad_h, pad_w;
};

// Part of one dimension of src that a window covers.
struct Stretch {
  int64_t first, last;
};
inline Stretch covered(int64_t position, const Window& window, const PaddingExtents& pad, int64_t extent) {
  const int64_t origin = position * window.stride - pad.before;
  return {std::max<int64_t>(0, origin), std::min(extent, origin + window.kernel)};
}

}  // namespace pare
