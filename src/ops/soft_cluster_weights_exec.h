// What soft_cluster_weights and its gradient share: how weights lie in blocks, and which thread takes which.
#pragma once

#include <algorithm>

#include "engine/kernel.h"
#include "ops/slices.h"
#include "ops/soft_cluster_weights.h"
#include "ops/soft_clusters.h"

namespace pare {

// Blocks are taken in parts whose sums are added up in their order, so that results do not hang on the number of threads.
inline constexpr int64_t kSoftParts = 16;

// Operands 2 to 4 of both directions are codes, temperature and scales. Of the scratch memory that of the first share belongs to all.
class SoftClusterKernel : public SharedWork {
 public:
  // `common`: doubles of that scratch memory that the direction takes.
  SoftClusterKernel(const KernelRequest& request, int64_t centroids, int64_t common)
      : attributes_(request.node.attrs<SoftClusterWeightsAttributes>()),
        centroids_(centroids),
        common_(common),
        tables_(request.shape(0), attributes_.axis,
                attributes_.by_channel ? request.shape(0)[static_cast<int>(attributes_.axis)] : 1),
        scaled_(request.shape(0), attributes_.axis, request.has(4) ? request.shape(4)[0] : 1),
        in_table_(centroids / tables_.count),
        members_(tables_.outer * tables_.inner) {}

  static std::string declines(const KernelRequest& request) {
    for (size_t i = 0; i < request.node.operands.size(); ++i)
      if (i != 2 && request.has(i) && request.dtype(i) != DType::Float32) return "operands are not float32";
    return "";
  }

  size_t scratch_bytes() const override {
    return static_cast<size_t>(common_) * sizeof(double) + static_cast<size_t>(in_table_) * sizeof(SoftRow);
  }

 protected:
  // So many doubles.
  double* common(const Buffers& buffers) const { return reinterpret_cast<double*>(shares_of(buffers, {}) + in_table_); }
  SoftRow* shares_of(const Buffers& buffers, Share share) const { return buffers.scratch_of<SoftRow>(share); }

  // Weights of a table that are taken together.
  struct Run {
    int64_t table, first, count, part;
  };

  template <class Function>
  void for_each_run(Share share, Function function) const {
    const int64_t in_table = (members_ + kSoftBlock - 1) / kSoftBlock, all = tables_.count * in_table;
    for (int64_t part = share.begin(kSoftParts); part < share.end(kSoftParts); ++part)
      for (int64_t i = all * part / kSoftParts; i < all * (part + 1) / kSoftParts; ++i) {
        const int64_t first = i % in_table * kSoftBlock;
        function(Run{i / in_table, first, std::min(kSoftBlock, members_ - first), part});
      }
  }

  // Where a weight of a run lies.
  int64_t place(const Run& run, int64_t i) const {
    const int64_t member = run.first + i;
    if (tables_.count == 1) return member;
    return (member / tables_.inner * tables_.count + run.table) * tables_.inner + member % tables_.inner;
  }

  SoftBlock loaded(const Run& run, const float* src, const Buffers& buffers) const {
    const int32_t* codes = buffers.src<int32_t>(2);
    const float* scales = buffers.src<float>(4);
    SoftBlock block{};
    block.width = static_cast<size_t>((run.count + kSoftLanes - 1) / kSoftLanes * kSoftLanes);
    for (int64_t i = 0; i < run.count; ++i) {
      const int64_t at = place(run, i);
      const float scale = scales == nullptr ? 1.f : scales[at / scaled_.inner % scaled_.count];
      const bool in_cluster = codes[at] >= 0;
      block.scale[static_cast<size_t>(i)] = in_cluster ? scale : 0.f;
      block.value[static_cast<size_t>(i)] = in_cluster ? src[at] / scale : 0.f;
    }
    return block;
  }

  // The mean distance between neighbours; where all are equal, or there is one, any will do.
  float spacing(const float* centroids) const {
    const auto [least, largest] = std::minmax_element(centroids, centroids + in_table_);
    return *least == *largest ? 1.f : (*largest - *least) / static_cast<float>(in_table_ - 1);
  }

  // That of a run, from a row of centroids. Temperatures are in distances of the first row of `course`.
  SoftTable table(const Buffers& buffers, const float* course, const float* row, const Run& run) const {
    const int64_t first = run.table * in_table_;
    return {row + first, in_table_, 1 / (buffers.src<float>(3)[0] * spacing(course + first))};
  }

  SoftClusterWeightsAttributes attributes_;
  int64_t centroids_, common_;
  Slices tables_, scaled_;  // that have a table, and a scale
  int64_t in_table_, members_;
};

}  // namespace pare
