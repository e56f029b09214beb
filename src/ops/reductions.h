// Operators that combine the elements along dimensions.
#pragma once

#include "ir/attributes.h"

namespace pare {

// mean, sum, reduce_max, reduce_min, reduce_prod, reduce_any, reduce_all
struct ReduceAttributes {
  bool keep_dims = false;  // reduced dimensions stay with extent 1

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("keep_dims", self.keep_dims);
  }
};

// arg_max, arg_min
struct ArgMinMaxAttributes {
  DType output_type = DType::Int32;

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("output_type", self.output_type);
  }
};

struct CumsumAttributes {
  bool exclusive = false;  // an element is not part of its own sum
  bool reverse = false;    // sums run from the end

  template <class Self, class Visitor>
  static void fields(Self& self, Visitor&& visit) {
    visit("exclusive", self.exclusive);
    visit("reverse", self.reverse);
  }
};

}  // namespace pare
