#include "engine/kernel.h"

#include <algorithm>

namespace pare {
namespace {

class FunctionKernel final : public Kernel {
 public:
  FunctionKernel(std::function<void(const Buffers&)> run, size_t scratch_bytes, bool in_place)
      : run_(std::move(run)), scratch_bytes_(scratch_bytes), in_place_(in_place) {}
  void run(const Buffers& buffers) const override { run_(buffers); }
  size_t scratch_bytes() const override { return scratch_bytes_; }
  bool in_place(size_t) const override { return in_place_; }

 private:
  std::function<void(const Buffers&)> run_;
  size_t scratch_bytes_;
  bool in_place_;
};

}  // namespace

std::unique_ptr<Kernel> make_kernel(std::function<void(const Buffers&)> run, size_t scratch_bytes) {
  return std::make_unique<FunctionKernel>(std::move(run), scratch_bytes, false);
}

std::unique_ptr<Kernel> make_in_place_kernel(std::function<void(const Buffers&)> run) {
  return std::make_unique<FunctionKernel>(std::move(run), 0, true);
}

bool KernelRequest::all_float() const {
  const auto is_float32 = [](const Value* value) { return value == nullptr || value->type.dtype == DType::Float32; };
  return std::all_of(node.operands.begin(), node.operands.end(), is_float32) &&
         std::all_of(node.results.begin(), node.results.end(), is_float32);
}

std::string declines_non_float(const KernelRequest& request) {
  return request.all_float() ? "" : "operands are not all float32";
}

namespace {

// Those that the request's engine may use.
std::vector<const Implementation*> allowed(const KernelRequest& request) {
  std::vector<const Implementation*> list;
  for (const Implementation& each : implementations(request.node.op().name))
    if (!each.fast_only || request.engine != Engine::Reference) list.push_back(&each);
  return list;
}

}  // namespace

const Implementation* choose_implementation(const KernelRequest& request) {
  for (const Implementation* each : allowed(request))
    if (each->declines(request).empty()) return each;
  return nullptr;
}

Expected<ChosenKernel> create_kernel(const KernelRequest& request) {
  std::vector<std::string> reasons;
  std::optional<Error> failure;
  for (const Implementation* each : allowed(request)) {
    if (const std::string reason = each->declines(request); !reason.empty()) {
      reasons.push_back(fmt::format("{}: {}", each->name, reason));
      continue;
    }
    auto kernel = each->create(request);
    if (kernel) return ChosenKernel{std::move(*kernel), each->name};
    failure = kernel.error();  // a library may notice only here that it cannot; the next one may
  }
  if (failure) return Failure(failure->within(describe(request.node)));
  if (reasons.empty()) reasons.emplace_back("the engine has no implementation of this operator");
  return Failure(
      Error{ErrorCode::Unsupported, fmt::format("{}", fmt::join(reasons, "; ")), describe(request.node), nullptr});
}

}  // namespace pare
