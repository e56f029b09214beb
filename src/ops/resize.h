// Operators that change the resolution of an image.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/attributes.h"

namespace pare {

// resize_bilinear, resize_nearest_neighbor
struct ResizeAttributes {
  bool align_corners = false;       // the corner pixels of src and dst coincide
  bool half_pixel_centers = false;  // pixels lie at their centres, not at their corners

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("align_corners", self.align_corners);
    visit("half_pixel_centers", self.half_pixel_centers);
  }
};

// Of one dimension: the pixel of src that each pixel of dst is.
std::vector<int64_t> nearest_pixels(const ResizeAttributes& attributes, int64_t src, int64_t dst);

// The two neighbours of a position and its distance from the first, in units of 1 / Number's one.
template <class Number>
struct Neighbours {
  int64_t first, second;
  Number distance;
};

// Of one dimension, for each pixel of dst.
std::vector<Neighbours<float>> linear_neighbours(const ResizeAttributes& attributes, int64_t src, int64_t dst);

}  // namespace pare
