#include "engine/avx512/depthwise.h"

#include <algorithm>

namespace pare::avx512 {
namespace {

// Copied rows that stay in the first-level cache until they are used...
constexpr int64_t kBandBytes = 24 << 10;
// ...but rows that two bands read are copied twice, so a band has a few output rows.
constexpr int64_t kFewestRows = 8;
constexpr int64_t kVectorBytes = 64;

}  // namespace

DepthwiseShape::DepthwiseShape(const WindowGeometry& g, int64_t lanes, int64_t most_pixels) {
  pixels = g.channels < lanes && lanes % g.channels == 0 ? lanes / g.channels : 1;
  if (pixels > most_pixels || pixels > g.dst_w) pixels = 1;
  blocks = pixels > 1 ? 1 : (g.channels + lanes - 1) / lanes;
  pixel_step = pixels > 1 ? g.channels : lanes;
  const int64_t row = g.padded_w() * pixel_step;
  const int64_t rows = kBandBytes * lanes / kVectorBytes / std::max<int64_t>(row, 1);
  const int64_t fitting = (rows - g.h.span()) / g.h.stride + 1;
  band = std::clamp<int64_t>(std::max(fitting, kFewestRows), 1, std::max<int64_t>(g.dst_h, 1));
  const RowRange read = rows_read(g, 0, band);
  scratch = (read.end - read.begin) * row + lanes;  // a last vector is copied whole
}

}  // namespace pare::avx512
