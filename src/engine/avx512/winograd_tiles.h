// The transforms of Winograd's algorithm along one axis of a tile, for 16 channels at once. F(m, 3) of Lavin and Gray (2016) computes m
// neighbouring results of a window of 3 from m + 2 inputs with as many products:  y = A^T [ (G g) * (B^T d) ].
#pragma once

#include <immintrin.h>

namespace pare::avx512 {

// Points 0, 1, -1 and infinity: 16 products for 2 x 2 results, 4 each. Its constants are halves, so it rounds about as a direct sum does.
struct F2 {
  static constexpr int kResults = 2, kSide = 4;

  // G: taps of the window.
  static void filter(const __m512 (&g)[3], __m512 (&out)[kSide]) {
    const __m512 half = _mm512_set1_ps(0.5f), sum = _mm512_add_ps(g[0], g[2]);
    out[0] = g[0];
    out[1] = _mm512_mul_ps(half, _mm512_add_ps(sum, g[1]));
    out[2] = _mm512_mul_ps(half, _mm512_sub_ps(sum, g[1]));
    out[3] = g[2];
  }

  // B^T: inputs, in their place.
  static void image(__m512 (&d)[kSide]) {
    const __m512 first = _mm512_sub_ps(d[0], d[2]), second = _mm512_add_ps(d[1], d[2]);
    d[3] = _mm512_sub_ps(d[1], d[3]);
    d[2] = _mm512_sub_ps(d[2], d[1]);
    d[0] = first;
    d[1] = second;
  }

  // A^T: products to results.
  static void results(const __m512 (&m)[kSide], __m512 (&y)[kResults]) {
    y[0] = _mm512_add_ps(_mm512_add_ps(m[0], m[1]), m[2]);
    y[1] = _mm512_sub_ps(_mm512_sub_ps(m[1], m[2]), m[3]);
  }

  // A: gradients of results, to those of the products.
  static void gradients(const __m512 (&y)[kResults], __m512 (&m)[kSide]) {
    m[0] = y[0];
    m[1] = _mm512_add_ps(y[0], y[1]);
    m[2] = _mm512_sub_ps(y[0], y[1]);
    m[3] = _mm512_sub_ps(_mm512_setzero_ps(), y[1]);
  }

  // G^T: gradients of transformed taps, to those of the taps.
  static void filter_gradient(const __m512 (&m)[kSide], __m512 (&g)[3]) {
    const __m512 half = _mm512_set1_ps(0.5f), sum = _mm512_mul_ps(half, _mm512_add_ps(m[1], m[2]));
    g[0] = _mm512_add_ps(m[0], sum);
    g[1] = _mm512_mul_ps(half, _mm512_sub_ps(m[1], m[2]));
    g[2] = _mm512_add_ps(sum, m[3]);
  }
};

// Points 0, 1, -1, 2, -2 and infinity: 36 products for 4 x 4 results, 2.25 each. Constants from 1/24 to 8 cost it about a decimal digit.
struct F4 {
  static constexpr int kResults = 4, kSide = 6;

  static void filter(const __m512 (&g)[3], __m512 (&out)[kSide]) {
    const __m512 sixth = _mm512_set1_ps(1.f / 6), twelfth = _mm512_set1_ps(1.f / 12);
    const __m512 outer = _mm512_mul_ps(sixth, _mm512_add_ps(g[0], g[2])), middle = _mm512_mul_ps(sixth, g[1]);
    out[0] = _mm512_mul_ps(_mm512_set1_ps(0.25f), g[0]);
    out[1] = _mm512_sub_ps(_mm512_setzero_ps(), _mm512_add_ps(outer, middle));
    out[2] = _mm512_sub_ps(middle, outer);
    const __m512 even = _mm512_fmadd_ps(_mm512_set1_ps(1.f / 24), g[0], _mm512_mul_ps(sixth, g[2]));
    out[3] = _mm512_fmadd_ps(twelfth, g[1], even);
    out[4] = _mm512_fnmadd_ps(twelfth, g[1], even);
    out[5] = g[2];
  }

  static void image(__m512 (&d)[kSide]) {
    const __m512 four = _mm512_set1_ps(4), five = _mm512_set1_ps(5), two = _mm512_set1_ps(2);
    const __m512 even = _mm512_fnmadd_ps(four, d[2], d[4]), odd = _mm512_fnmadd_ps(four, d[1], d[3]);
    const __m512 near = _mm512_sub_ps(d[4], d[2]), step = _mm512_sub_ps(d[3], d[1]);
    d[0] = _mm512_fmadd_ps(four, d[0], _mm512_fnmadd_ps(five, d[2], d[4]));
    d[5] = _mm512_fmadd_ps(four, d[1], _mm512_fnmadd_ps(five, d[3], d[5]));
    d[1] = _mm512_add_ps(even, odd);
    d[2] = _mm512_sub_ps(even, odd);
    d[3] = _mm512_fmadd_ps(two, step, near);
    d[4] = _mm512_fnmadd_ps(two, step, near);
  }

  static void results(const __m512 (&m)[kSide], __m512 (&y)[kResults]) {
    const __m512 even = _mm512_add_ps(m[1], m[2]), odd = _mm512_sub_ps(m[1], m[2]);
    const __m512 far_even = _mm512_add_ps(m[3], m[4]), far_odd = _mm512_sub_ps(m[3], m[4]);
    y[0] = _mm512_add_ps(m[0], _mm512_add_ps(even, far_even));
    y[1] = _mm512_fmadd_ps(_mm512_set1_ps(2), far_odd, odd);
    y[2] = _mm512_fmadd_ps(_mm512_set1_ps(4), far_even, even);
    y[3] = _mm512_add_ps(m[5], _mm512_fmadd_ps(_mm512_set1_ps(8), far_odd, odd));
  }

  static void gradients(const __m512 (&y)[kResults], __m512 (&m)[kSide]) {
    const __m512 even = _mm512_add_ps(y[0], y[2]), odd = _mm512_add_ps(y[1], y[3]);
    const __m512 far_even = _mm512_fmadd_ps(_mm512_set1_ps(4), y[2], y[0]);
    const __m512 far_odd = _mm512_fmadd_ps(_mm512_set1_ps(8), y[3], _mm512_add_ps(y[1], y[1]));
    m[0] = y[0];
    m[1] = _mm512_add_ps(even, odd);
    m[2] = _mm512_sub_ps(even, odd);
    m[3] = _mm512_add_ps(far_even, far_odd);
    m[4] = _mm512_sub_ps(far_even, far_odd);
    m[5] = y[3];
  }

  static void filter_gradient(const __m512 (&m)[kSide], __m512 (&g)[3]) {
    const __m512 sixth = _mm512_set1_ps(1.f / 6), near = _mm512_mul_ps(sixth, _mm512_add_ps(m[1], m[2]));
    const __m512 far = _mm512_add_ps(m[3], m[4]);
    g[0] = _mm512_fmadd_ps(_mm512_set1_ps(1.f / 24), far, _mm512_fmsub_ps(_mm512_set1_ps(0.25f), m[0], near));
    g[1] = _mm512_fmadd_ps(_mm512_set1_ps(1.f / 12), _mm512_sub_ps(m[3], m[4]),
                           _mm512_mul_ps(sixth, _mm512_sub_ps(m[2], m[1])));
    g[2] = _mm512_add_ps(m[5], _mm512_fmsub_ps(sixth, far, near));
  }
};

}  // namespace pare::avx512
