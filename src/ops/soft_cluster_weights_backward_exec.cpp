#include <utility>

#include "ops/soft_cluster_weights_exec.h"

namespace pare {
namespace {

// Phases: one for the weights themselves, then, from the last iteration back to the first, two for each.
class Backward final : public SoftClusterKernel {
 public:
  explicit Backward(const KernelRequest& request)
      : SoftClusterKernel(request, request.shape(1)[2], (2 + kSoftParts) * request.shape(1)[2]) {}

  int phases() const override { return 1 + 2 * static_cast<int>(attributes_.iterations); }

  void run_share(const Buffers& buffers, Share share) const override {
    const float* centroids = row(buffers, attributes_.iterations - (share.phase + 1) / 2);
    if (share.phase == 0)
      through_mix(buffers, share, centroids);
    else if (share.phase % 2 == 1 && share.index == 0)
      to_means(buffers, centroids + 2 * centroids_);
    else if (share.phase % 2 == 0 && was_made(centroids + 2 * centroids_))
      through_means(buffers, share, centroids);
  }

 private:
  const float* row(const Buffers& buffers, int64_t iteration) const {
    return buffers.src<float>(1) + iteration * 2 * centroids_;
  }
  bool was_made(const float* means) const {
    return std::any_of(means + centroids_, means + 2 * centroids_, [](float over) { return over != 0; });
  }
  // What flows to centroids from behind the iterations that stayed, then p and r of SoftFlow, then sums of the parts.
  double* past(const Buffers& buffers) const { return common(buffers); }
  float* p(const Buffers& buffers) const { return reinterpret_cast<float*>(past(buffers) + centroids_); }
  float* r(const Buffers& buffers) const { return p(buffers) + centroids_; }
  double* sums(const Buffers& buffers, int64_t part) const { return past(buffers) + (2 + part) * centroids_; }

  void through_mix(const Buffers& buffers, Share share, const float* centroids) const {
    if (share.index == 0) std::fill_n(past(buffers), centroids_, 0.);
    for (int64_t part = share.begin(kSoftParts); part < share.end(kSoftParts); ++part)
      std::fill_n(sums(buffers, part), centroids_, 0.);
    const float* ddst = buffers.src<float>(0);
    for_each_run(share, [&](const Run& run) {
      flow(buffers, share, run, centroids, [&](const SoftBlock& block, SoftFlow& flow) {
        for (int64_t i = 0; i < run.count; ++i)
          flow.x[static_cast<size_t>(i)] = ddst[place(run, i)] * block.scale[static_cast<size_t>(i)];
        flow.p = flow.r = centroids + run.table * in_table_;
        flow.mixes = true;
      });
    });
  }

  // What flows to means, which were made in an iteration, becomes what flows to each of their values.
  void to_means(const Buffers& buffers, const float* means) const {
    for (int64_t k = 0; k < centroids_; ++k) {
      double gradient = past(buffers)[k];
      for (int64_t part = 0; part < kSoftParts; ++part) gradient += std::exchange(sums(buffers, part)[k], 0.);
      const float over = means[centroids_ + k];
      past(buffers)[k] = over == 0 ? gradient : 0;
      p(buffers)[k] = over == 0 ? 0.f : static_cast<float>(gradient / over);
      r(buffers)[k] = -p(buffers)[k] * means[k];
    }
  }

  void through_means(const Buffers& buffers, Share share, const float* centroids) const {
    for_each_run(share, [&](const Run& run) {
      flow(buffers, share, run, centroids, [&](const SoftBlock& block, SoftFlow& flow) {
        for (size_t i = 0; i < kSoftBlock; ++i) {
          flow.z[i] = block.scale[i] * block.scale[i];
          flow.x[i] = flow.z[i] * block.value[i];
        }
        flow.p = p(buffers) + run.table * in_table_;
        flow.r = r(buffers) + run.table * in_table_;
      });
    });
  }

  // `fill` says what flows back. The first time results begin, then they grow.
  template <class Fill>
  void flow(const Buffers& buffers, Share share, const Run& run, const float* centroids, Fill fill) const {
    const SoftBlock block = loaded(run, buffers.src<float>(5), buffers);
    const SoftTable of_run = table(buffers, row(buffers, 0), centroids, run);
    SoftRow* shares = shares_of(buffers, share);
    SoftFlow flow{};
    fill(block, flow);
    alignas(64) SoftRow values;
    find_shares(block, of_run, shares);
    flow_back(block, of_run, shares, flow, values, sums(buffers, run.part) + run.table * in_table_);
    for (int64_t i = 0; i < run.count; ++i) {
      const float scale = block.scale[static_cast<size_t>(i)];
      float& dsrc = buffers.dst<float>()[place(run, i)];
      dsrc = (share.phase == 0 ? 0.f : dsrc) + (scale == 0 ? 0.f : values[static_cast<size_t>(i)] / scale);
    }
  }
};

Expected<std::unique_ptr<Kernel>> create(const KernelRequest& request) { return std::make_unique<Backward>(request); }

}  // namespace

ImplementationList exec_soft_cluster_weights_backward() { return {{"plain", SoftClusterKernel::declines, create}}; }

}  // namespace pare
