// Operators that change the resolution of an image.
#pragma once

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

}  // namespace pare
