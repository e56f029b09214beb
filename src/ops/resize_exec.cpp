#include "ops/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/kernel_types.h"

namespace pare {
namespace {

struct Geometry {
  explicit Geometry(const KernelRequest& request)
      : batch(request.shape(0)[0]),
        src_h(request.shape(0)[1]),
        src_w(request.shape(0)[2]),
        channels(request.shape(0)[3]),
        dst_h(request.result_type().shape[1]),
        dst_w(request.result_type().shape[2]) {}
  const std::byte* pixel(const std::byte* src, int64_t n, int64_t y, int64_t x, size_t bytes) const {
    return src + static_cast<size_t>((n * src_h + y) * src_w + x) * bytes;
  }

  int64_t batch, src_h, src_w, channels, dst_h, dst_w;
};

// --- nearest neighbour

std::string declines_nearest(const KernelRequest& request) { return refuse_packed_types(request.dtype()); }

Expected<std::unique_ptr<Kernel>> create_nearest(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<ResizeAttributes>();
  const Geometry g(request);
  return make_kernel(
      [g, rows = nearest_pixels(attributes, g.src_h, g.dst_h), columns = nearest_pixels(attributes, g.src_w, g.dst_w),
       bytes = static_cast<size_t>(g.channels) * element_bytes(request.dtype())](const Buffers& buffers) {
        std::byte* dst = buffers.dst<std::byte>();
        for (int64_t n = 0; n < g.batch; ++n)
          for (const int64_t y : rows)
            for (const int64_t x : columns) {
              std::memcpy(dst, g.pixel(buffers.src<std::byte>(), n, y, x, bytes), bytes);
              dst += bytes;
            }
      });
}

// --- bilinear

constexpr int32_t kOne = 1 << 10;  // fixed-point positions have 10 fractional bits

std::vector<Neighbours<int32_t>> fixed_point_neighbours(const ResizeAttributes& attributes, int64_t src_extent,
                                                        int64_t dst_extent) {
  const auto src = static_cast<int32_t>(src_extent), dst = static_cast<int32_t>(dst_extent);
  const bool corners = attributes.align_corners && dst > 1;
  const int32_t scale = corners ? (kOne * (src - 1) + (dst - 1) / 2) / (dst - 1) : (kOne * src + dst / 2) / dst;
  std::vector<Neighbours<int32_t>> found;
  for (int32_t i = 0; i < dst; ++i) {
    const int32_t place = attributes.half_pixel_centers ? i * scale + scale / 2 - kOne / 2 : i * scale;
    const int32_t first = std::max(place / kOne, 0);
    found.push_back({first, std::min((place + kOne - 1) / kOne, src - 1), place - kOne * first});
  }
  return found;
}

// dst = interpolate(upper left, lower left, upper right, lower right, y distance, x distance)
template <class Element, class Number, class Interpolate>
std::unique_ptr<Kernel> make_bilinear(const Geometry& g, std::vector<Neighbours<Number>> rows,
                                      std::vector<Neighbours<Number>> columns, Interpolate interpolate) {
  return make_kernel([g, rows = std::move(rows), columns = std::move(columns), interpolate](const Buffers& buffers) {
    Element* dst = buffers.dst<Element>();
    const auto pixel = [&](int64_t n, int64_t y, int64_t x) {
      return buffers.src<Element>() + ((n * g.src_h + y) * g.src_w + x) * g.channels;
    };
    for (int64_t n = 0; n < g.batch; ++n)
      for (const auto& y : rows)
        for (const auto& x : columns) {
          const Element *upper_left = pixel(n, y.first, x.first), *lower_left = pixel(n, y.second, x.first);
          const Element *upper_right = pixel(n, y.first, x.second), *lower_right = pixel(n, y.second, x.second);
          for (int64_t c = 0; c < g.channels; ++c)
            *dst++ = interpolate(upper_left[c], lower_left[c], upper_right[c], lower_right[c], y.distance, x.distance);
        }
  });
}

template <class Element>
Element interpolate_real(Element a, Element b, Element c, Element d, float y, float x) {
  const float rounding = std::is_integral_v<Element> ? 0.5f : 0.f;
  const float sum = static_cast<float>(a) * (1 - y) * (1 - x) + static_cast<float>(b) * y * (1 - x) +
                    static_cast<float>(c) * (1 - y) * x + static_cast<float>(d) * y * x;
  return static_cast<Element>(sum + rounding);
}

template <class Element>
Element interpolate_fixed(Element a, Element b, Element c, Element d, int32_t y, int32_t x) {
  const int64_t sum = static_cast<int64_t>(a) * (kOne - y) * (kOne - x) + static_cast<int64_t>(b) * y * (kOne - x) +
                      static_cast<int64_t>(c) * (kOne - y) * x + static_cast<int64_t>(d) * y * x;
  return static_cast<Element>((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
}

std::string declines_bilinear(const KernelRequest& request) {
  return refuse_other_types<float, int8_t, uint8_t, int16_t>(request.dtype());
}

Expected<std::unique_ptr<Kernel>> create_bilinear(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<ResizeAttributes>();
  const Geometry g(request);
  return with_type<float, int8_t, uint8_t, int16_t>(request.dtype(), [&]<class T>(T) {
    if constexpr (std::is_same_v<T, float> || std::is_same_v<T, uint8_t>)
      return make_bilinear<T>(g, linear_neighbours(attributes, g.src_h, g.dst_h),
                              linear_neighbours(attributes, g.src_w, g.dst_w), interpolate_real<T>);
    else
      return make_bilinear<T>(g, fixed_point_neighbours(attributes, g.src_h, g.dst_h),
                              fixed_point_neighbours(attributes, g.src_w, g.dst_w), interpolate_fixed<T>);
  });
}

}  // namespace

ImplementationList exec_resize_nearest_neighbor() { return {{"plain", declines_nearest, create_nearest}}; }
ImplementationList exec_resize_bilinear() { return {{"plain", declines_bilinear, create_bilinear}}; }

}  // namespace pare
