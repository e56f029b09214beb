#include <cmath>

#include "ops/soft_cluster_weights_exec.h"

namespace pare {
namespace {

// Phases: one to begin, two for each iteration, one for the results. Training binds centroids and codes to the memory of what comes of them: the former
// are read in the first phase and written in the last, the latter are read and written weight by weight.
class Forward final : public SoftClusterKernel {
 public:
  explicit Forward(const KernelRequest& request)
      : SoftClusterKernel(request, request.shape(1)[0], 1 + kSoftParts * 2 * request.shape(1)[0]) {}

  int phases() const override { return 2 + 2 * static_cast<int>(attributes_.iterations); }

  void run_share(const Buffers& buffers, Share share) const override {
    const int64_t iteration = (share.phase - 1) / 2;
    double& stands_still = *common(buffers);
    if (share.phase == phases() - 1) {
      mix(buffers, share);
    } else if (share.phase == 0) {
      if (share.index == 0) begin(buffers);
    } else if (stands_still == 0 && share.phase % 2 == 1) {
      add_up(buffers, share, row(buffers, iteration));
    } else if (stands_still == 0 && share.index == 0) {
      stands_still = move(buffers, iteration) ? 1 : 0;
    }
  }

 private:
  // Of a part: sums of values, then what they count.
  double* sums(const Buffers& buffers, int64_t part) const { return common(buffers) + 1 + part * 2 * centroids_; }
  // Centroids before an iteration, then what they are means over.
  float* row(const Buffers& buffers, int64_t iteration) const {
    return buffers.dst<float>(3) + iteration * 2 * centroids_;
  }

  void begin(const Buffers& buffers) const {
    *common(buffers) = 0;
    std::fill_n(row(buffers, 0), (attributes_.iterations + 1) * 2 * centroids_, 0.f);
    std::copy_n(buffers.src<float>(1), centroids_, row(buffers, 0));
  }

  void add_up(const Buffers& buffers, Share share, const float* centroids) const {
    for (int64_t part = share.begin(kSoftParts); part < share.end(kSoftParts); ++part)
      std::fill_n(sums(buffers, part), 2 * centroids_, 0.);
    SoftRow* shares = shares_of(buffers, share);
    for_each_run(share, [&](const Run& run) {
      const SoftBlock block = loaded(run, buffers.src<float>(0), buffers);
      find_shares(block, table(buffers, row(buffers, 0), centroids, run), shares);
      double* values = sums(buffers, run.part) + run.table * in_table_;
      add_to_means(block, shares, in_table_, values, values + centroids_);
    });
  }

  // Centroids become means; tells whether that changed next to nothing, so that they are those of all later iterations, too.
  bool move(const Buffers& buffers, int64_t iteration) const {
    double* values = sums(buffers, 0);
    for (int64_t part = 1; part < kSoftParts; ++part)
      for (int64_t i = 0; i < 2 * centroids_; ++i) values[i] += sums(buffers, part)[i];
    bool still = true;
    for (int64_t first = 0; first < centroids_; first += in_table_) still &= move_table(buffers, iteration, first);
    for (int64_t later = iteration + 2; still && later <= attributes_.iterations; ++later)
      std::copy_n(row(buffers, iteration + 1), centroids_, row(buffers, later));
    return still;
  }

  bool move_table(const Buffers& buffers, int64_t iteration, int64_t first) const {
    constexpr double kLeast = 1e-6;  // share of all weights without which a centroid stays
    constexpr float kStill = 1e-3f;
    const double *values = sums(buffers, 0) + first, *counts = values + centroids_;
    const float* before = row(buffers, iteration) + first;
    float *after = row(buffers, iteration + 1) + first, *means_over = after + centroids_;
    double all = 0, farthest = 0;
    for (int64_t k = 0; k < in_table_; ++k) all += counts[k];
    for (int64_t k = 0; k < in_table_; ++k) {
      const bool moves = counts[k] > kLeast * all;
      after[k] = moves ? static_cast<float>(values[k] / counts[k]) : before[k];
      means_over[k] = moves ? static_cast<float>(counts[k]) : 0.f;
      farthest = std::max<double>(farthest, std::abs(after[k] - before[k]));
    }
    return farthest <= kStill * spacing(row(buffers, 0) + first);
  }

  void mix(const Buffers& buffers, Share share) const {
    const float* last = row(buffers, attributes_.iterations);
    if (share.index == 0) std::copy_n(last, centroids_, buffers.dst<float>(1));
    SoftRow* shares = shares_of(buffers, share);
    const int32_t* codes = buffers.src<int32_t>(2);
    for_each_run(share, [&](const Run& run) {
      const SoftBlock block = loaded(run, buffers.src<float>(0), buffers);
      const SoftTable centroids = table(buffers, row(buffers, 0), last, run);
      alignas(64) SoftRow mixed;
      alignas(64) std::array<int32_t, kSoftBlock> nearest;
      find_shares(block, centroids, shares);
      mix_centroids(block, centroids, shares, mixed, nearest);
      for (int64_t i = 0; i < run.count; ++i) {
        const int64_t at = place(run, i);
        const int32_t code = static_cast<int32_t>(run.table * in_table_) + nearest[static_cast<size_t>(i)];
        buffers.dst<float>(0)[at] = mixed[static_cast<size_t>(i)];
        buffers.dst<int32_t>(2)[at] = codes[at] < 0 ? codes[at] : code;
      }
    });
  }
};

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) { return std::make_unique<Forward>(request); }

}  // namespace

ImplementationList exec_soft_cluster_weights() { return {{"plain", SoftClusterKernel::declines, create}}; }

}  // namespace pare
