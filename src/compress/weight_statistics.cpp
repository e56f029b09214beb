#include "compress/weight_statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <tuple>

namespace pare {
namespace {

// Sorts by 11 bits at a time, which for the many values of a large tensor takes a fifth of the time of comparisons.
void sort_codes(std::vector<uint32_t>& codes) {
  constexpr int kBits = 11;
  constexpr size_t kBuckets = size_t{1} << kBits;
  if (codes.size() < 4 * kBuckets) {
    std::ranges::sort(codes);
    return;
  }
  std::vector<uint32_t> other(codes.size());
  for (int shift = 0; shift < 32; shift += kBits) {
    std::vector<size_t> begins(kBuckets + 1);
    for (const uint32_t code : codes) ++begins[((code >> shift) & (kBuckets - 1)) + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    for (const uint32_t code : codes) other[begins[(code >> shift) & (kBuckets - 1)]++] = code;
    codes.swap(other);
  }
}
void sort_codes(std::vector<uint64_t>& codes) { std::ranges::sort(codes); }

// Values in rising order, and how often each occurs.
template <class Code>
struct Counted {
  std::vector<Code> values;
  std::vector<int64_t> counts;

  void add(Code value, int64_t count) {
    values.push_back(value);
    counts.push_back(count);
  }
  int64_t total() const { return std::reduce(counts.begin(), counts.end(), int64_t{0}); }
};

template <class Code>
Counted<Code> count_values(std::vector<Code> codes) {
  Counted<Code> counted;
  if constexpr (sizeof(Code) <= 2) {
    std::vector<int64_t> counts(size_t{1} << (8 * sizeof(Code)));
    for (const Code code : codes) ++counts[code];
    for (size_t code = 0; code < counts.size(); ++code)
      if (counts[code] > 0) counted.add(static_cast<Code>(code), counts[code]);
  } else {
    sort_codes(codes);
    for (size_t begin = 0, end = 0; begin < codes.size(); begin = end) {
      while (end < codes.size() && codes[end] == codes[begin]) ++end;
      counted.add(codes[begin], static_cast<int64_t>(end - begin));
    }
  }
  return counted;
}

// Bits of `count` of `total` symbols, by their share.
double symbol_bits(int64_t count, int64_t total) {
  return static_cast<double>(count) * std::log2(static_cast<double>(total) / static_cast<double>(count));
}

// Bits of values that have nothing in common but their bytes at one place, such as the exponents of floats.
template <class Code>
double literal_bits(const std::vector<Code>& values, int width) {
  double bits = 0;
  const auto total = std::ssize(values);
  for (int shift = 0; shift < width; shift += 8) {
    std::array<int64_t, 256> counts{};
    for (const Code value : values) ++counts[(value >> shift) & 0xff];
    double place = 0;
    for (const int64_t count : counts)
      if (count > 0) place += symbol_bits(count, total) + 8;
    bits += std::min(place, std::min(8, width - shift) * static_cast<double>(total));
  }
  return bits;
}

// Bits of the codes and of the table of values; those that occur once share a code behind which they stand themselves.
template <class Code>
double coded_bits(const Counted<Code>& counted, int width) {
  const int64_t total = counted.total();
  std::vector<Code> singles;
  double bits = 0;
  for (size_t i = 0; i < counted.values.size(); ++i) {
    if (counted.counts[i] == 1)
      singles.push_back(counted.values[i]);
    else
      bits += symbol_bits(counted.counts[i], total) + width;
  }
  if (singles.empty()) return bits;
  return bits + symbol_bits(std::ssize(singles), total) + literal_bits(singles, width);
}

template <class Code>
double entropy_of(const Counted<Code>& counted) {
  const int64_t total = counted.total();
  double bits = 0;
  for (const int64_t count : counted.counts) bits += symbol_bits(count, total);
  return bits / static_cast<double>(total);
}

template <class Code>
std::vector<Code> codes_of(const Tensor& weights) {
  std::vector<Code> codes(static_cast<size_t>(weights.elements()));
  std::memcpy(codes.data(), weights.bytes().data(), codes.size() * sizeof(Code));
  return codes;
}

// Calls visit with the stored elements as whole numbers of their width.
template <class Visit>
auto with_codes(const Tensor& weights, Visit&& visit) {
  if (weights.dtype() == DType::Int4) {
    const std::vector<int8_t> codes = unpack_int4(weights.bytes(), weights.elements());
    return visit(std::vector<uint8_t>(codes.begin(), codes.end()));
  }
  switch (bit_width(weights.dtype())) {
    case 8: return visit(codes_of<uint8_t>(weights));
    case 16: return visit(codes_of<uint16_t>(weights));
    case 32: return visit(codes_of<uint32_t>(weights));
    default: return visit(codes_of<uint64_t>(weights));
  }
}

// The elements of one channel.
template <class Code>
void take_channel(const std::vector<Code>& codes, const Shape& shape, int axis, int64_t channel,
                  std::vector<Code>& taken) {
  const int64_t channels = shape[axis], inner = shape.elements(axis + 1, shape.rank()), outer = shape.elements(0, axis);
  taken.clear();
  for (int64_t o = 0; o < outer; ++o) {
    const auto begin = codes.begin() + (o * channels + channel) * inner;
    taken.insert(taken.end(), begin, begin + inner);
  }
}

// The most values of one channel and the bits of all channels, each with a table of its own; nothing where that is not below `limit` bits.
template <class Code>
std::optional<std::pair<int64_t, double>> channel_coding(const std::vector<Code>& codes, int width, const Shape& shape,
                                                         int axis, double limit) {
  double bits = 0;
  int64_t most = 0;
  std::vector<Code> channel;
  for (int64_t c = 0; c < shape[axis] && bits < limit; ++c) {
    take_channel(codes, shape, axis, c, channel);
    const Counted<Code> counted = count_values(channel);
    most = std::max<int64_t>(most, std::ssize(counted.values));
    bits += coded_bits(counted, width);
  }
  if (bits >= limit) return {};
  return std::pair{most, bits};
}

template <class Code>
void describe_values(WeightStatistics& statistics, const std::vector<Code>& codes, int width, const Shape& shape,
                     int axis) {
  constexpr double kClearlyLess = 0.9;
  const Counted<Code> counted = count_values(codes);
  statistics.distinct = std::ssize(counted.values);
  statistics.entropy = entropy_of(counted);
  double bits = std::min(coded_bits(counted, width), 8 * static_cast<double>(statistics.bytes));
  if (axis < shape.rank() && shape[axis] > 1)
    if (const auto by_channel = channel_coding(codes, width, shape, axis, kClearlyLess * bits))
      std::tie(statistics.channel_distinct, bits) = *by_channel;
  statistics.entropy_bytes = static_cast<int64_t>(std::ceil(bits / 8));
}

}  // namespace

ZeroMap zero_map(const TensorType& type, const Tensor& weights) {
  ZeroMap map{weights.shape(), {}};
  map.is_zero.reserve(static_cast<size_t>(weights.elements()));
  if (is_float(weights.dtype())) {
    for (const float weight : to_floats(weights)) map.is_zero.push_back(weight == 0);
    return map;
  }
  const std::vector<int64_t> codes = to_int64(weights);
  if (!type.is_quantized() || std::ranges::count(type.quantization->zero_points, type.quantization->zero_point()) ==
                                  std::ssize(type.quantization->zero_points)) {
    const int64_t zero = type.is_quantized() ? type.quantization->zero_point() : 0;
    for (const int64_t code : codes) map.is_zero.push_back(code == zero);
    return map;
  }
  const Quantization& quantization = *type.quantization;
  const int64_t inner = quantization.block > 0
                            ? quantization.block
                            : weights.shape().elements(quantization.axis + 1, weights.shape().rank());
  for (size_t i = 0; i < codes.size(); ++i)
    map.is_zero.push_back(codes[i] ==
                          quantization.zero_points[i / static_cast<size_t>(inner) % quantization.zero_points.size()]);
  return map;
}

WeightStatistics weight_statistics(const TensorType& type, const Tensor& weights, int channel_axis) {
  WeightStatistics statistics{.elements = weights.elements(), .bytes = std::ssize(weights.bytes())};
  if (statistics.elements == 0) return statistics;
  const ZeroMap zeros = zero_map(type, weights);
  statistics.zeros = std::ranges::count(zeros.is_zero, 1);
  statistics.blocks = find_zero_blocks(zeros, is_float(weights.dtype()) ? StrayZeros::None : StrayZeros::Few);
  statistics.n_of_m = find_n_of_m(zeros);
  const int width = bit_width(weights.dtype());
  with_codes(weights,
             [&](const auto& codes) { describe_values(statistics, codes, width, weights.shape(), channel_axis); });
  return statistics;
}

int64_t most_values_in_a_channel(const Tensor& weights, int channel_axis) {
  return with_codes(weights, [&](const auto& codes) {
    int64_t most = 0;
    std::decay_t<decltype(codes)> channel;
    for (int64_t c = 0; c < weights.shape()[channel_axis]; ++c) {
      take_channel(codes, weights.shape(), channel_axis, c, channel);
      most = std::max<int64_t>(most, std::ssize(count_values(channel).values));
    }
    return most;
  });
}

}  // namespace pare
