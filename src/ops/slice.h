// Operators that take or replace a box of a tensor.
#pragma once

#include "ir/attributes.h"
#include "ir/op_def.h"

namespace pare {

// Bit i of a mask speaks of entry i of begin, end and strides.
struct StridedSliceAttributes {
  int64_t begin_mask = 0;        // begin is ignored: from the first element
  int64_t end_mask = 0;          // end is ignored: to the last element
  int64_t ellipsis_mask = 0;     // the entry stands for all dimensions that others leave
  int64_t new_axis_mask = 0;     // the entry inserts a dimension of extent 1
  int64_t shrink_axis_mask = 0;  // the entry takes one element; the dimension goes
  bool offset = false;           // end counts from begin

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("begin_mask", self.begin_mask);
    visit("end_mask", self.end_mask);
    visit("ellipsis_mask", self.ellipsis_mask);
    visit("new_axis_mask", self.new_axis_mask);
    visit("shrink_axis_mask", self.shrink_axis_mask);
    visit("offset", self.offset);
  }
};

// Which elements a strided slice takes.
struct StridedBox {
  // One for each dimension of src. Dynamic where src is.
  std::vector<int64_t> begin, stride, extent;
  Shape dst;  // the extents without the dimensions that shrink, and with the new ones
};

// Resolves masks and negative positions against the shape of src. Fails for a stride of 0, more than one ellipsis, more entries
// than dimensions, an element outside.
Expected<StridedBox> resolve_strided_slice(const StridedSliceAttributes& attributes, const Shape& src,
                                           const std::vector<int64_t>& begin, const std::vector<int64_t>& end,
                                           const std::vector<int64_t>& strides);

}  // namespace pare
