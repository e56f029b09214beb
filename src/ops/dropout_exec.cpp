#include "ops/dropout.h"

#include "base/random.h"
#include "ops/kernel_shares.h"

namespace pare {
namespace {

uint64_t mixed(uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  return bits ^ (bits >> 31);
}

std::string accepts(const KernelRequest&) { return ""; }

Expected<std::unique_ptr<Kernel>> create_mask(const KernelRequest& request) {
  const auto& attributes = request.node.attrs<RandomMaskAttributes>();
  const auto limit = static_cast<uint64_t>(static_cast<double>(attributes.rate) * 0x1p32);
  return make_shared_kernel(
      request.result_type().shape.elements(),
      [seed = static_cast<uint64_t>(attributes.seed), limit, kept = 1 / (1 - attributes.rate)](
          const Buffers& buffers, int64_t begin, int64_t end) {
        const uint64_t base = stream_seed(seed, *buffers.src<int32_t>(0));
        float* dst = buffers.dst<float>();
        for (int64_t i = begin; i < end; ++i)
          dst[i] = mixed(base + static_cast<uint64_t>(i) * 0x9E3779B97F4A7C15u) >> 32 < limit ? 0 : kept;
      });
}

}  // namespace

ImplementationList exec_random_mask() { return {{"plain", accepts, create_mask}}; }

}  // namespace pare
