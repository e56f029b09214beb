// Operators by their definitions, as slow and as plain as can be, written apart from the kernels that they check.
#pragma once

#include "base/tensor.h"
#include "ops/window.h"

namespace pare::testing {

// Element of a rank-4 tensor; 0 outside of it.
inline float at(const Tensor& t, int64_t a, int64_t b, int64_t c, int64_t d) {
  const Shape& s = t.shape();
  if (a < 0 || b < 0 || c < 0 || d < 0 || a >= s[0] || b >= s[1] || c >= s[2] || d >= s[3]) return 0;
  return t.values<float>()[static_cast<size_t>(((a * s[1] + b) * s[2] + c) * s[3] + d)];
}

// Grouped convolution without bias; weights O,H,W,C/groups. `dst` gives the shape of the result.
inline Tensor naive_conv_2d(const Tensor& src, const Tensor& weights, Tensor dst, Window h, Window w, int64_t pad_top,
                            int64_t pad_left) {
  const Shape shape = dst.shape();
  const int64_t group_c = weights.shape()[3], groups = src.shape()[3] / group_c, per_group = shape[3] / groups;
  auto out = dst.mutable_values<float>();
  for (size_t i = 0; i < out.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    const int64_t o = index % shape[3], x = index / shape[3] % shape[2], y = index / (shape[3] * shape[2]) % shape[1],
                  n = index / (shape[3] * shape[2] * shape[1]);
    double sum = 0;
    for (int64_t k = 0; k < h.kernel; ++k)
      for (int64_t l = 0; l < w.kernel; ++l)
        for (int64_t c = 0; c < group_c; ++c)
          sum += at(src, n, y * h.stride + k * h.dilation - pad_top, x * w.stride + l * w.dilation - pad_left,
                    o / per_group * group_c + c) *
                 at(weights, o, k, l, c);
    out[i] = static_cast<float>(sum);
  }
  return dst;
}

// Transposed convolution without bias, by scattering each input element; weights O,H,W,C.
inline Tensor naive_transpose_conv(const Tensor& src, const Tensor& weights, Tensor dst, int64_t stride_h,
                                   int64_t stride_w, int64_t pad_top, int64_t pad_left) {
  const Shape s = src.shape(), d = dst.shape(), k = weights.shape();
  auto out = dst.mutable_values<float>();
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t y = 0; y < s[1]; ++y)
      for (int64_t x = 0; x < s[2]; ++x)
        for (int64_t c = 0; c < s[3]; ++c)
          for (int64_t i = 0; i < k[1]; ++i)
            for (int64_t j = 0; j < k[2]; ++j)
              for (int64_t o = 0; o < k[0]; ++o) {
                const int64_t to_y = y * stride_h + i - pad_top, to_x = x * stride_w + j - pad_left;
                if (to_y < 0 || to_x < 0 || to_y >= d[1] || to_x >= d[2]) continue;
                out[static_cast<size_t>(((n * d[1] + to_y) * d[2] + to_x) * d[3] + o)] +=
                    at(src, n, y, x, c) * at(weights, o, i, j, c);
              }
  return dst;
}

// Matrix products of tensors of rank 4 (batch A, B), where extents of 1 in A and B are repeated.
inline Tensor naive_batch_matmul(const Tensor& x, const Tensor& y, Tensor dst, bool adj_x, bool adj_y) {
  const Shape s = dst.shape();
  const int64_t inner = adj_x ? x.shape()[2] : x.shape()[3];
  auto out = dst.mutable_values<float>();
  size_t i = 0;
  for (int64_t a = 0; a < s[0]; ++a)
    for (int64_t b = 0; b < s[1]; ++b)
      for (int64_t m = 0; m < s[2]; ++m)
        for (int64_t n = 0; n < s[3]; ++n, ++i) {
          double sum = 0;
          for (int64_t k = 0; k < inner; ++k) {
            const int64_t xa = x.shape()[0] == 1 ? 0 : a, xb = x.shape()[1] == 1 ? 0 : b,
                          ya = y.shape()[0] == 1 ? 0 : a, yb = y.shape()[1] == 1 ? 0 : b;
            sum += (adj_x ? at(x, xa, xb, k, m) : at(x, xa, xb, m, k)) *
                   (adj_y ? at(y, ya, yb, n, k) : at(y, ya, yb, k, n));
          }
          out[i] = static_cast<float>(sum);
        }
  return dst;
}

}  // namespace pare::testing
