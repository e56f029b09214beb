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

const Implementation* choose_implementation(const KernelRequest& request, std::string* reasons) {
  for (const Implementation& implementation : implementations(request.node.op().name)) {
    if (implementation.fast_only && request.engine == Engine::Reference) continue;
    const std::string reason = implementation.declines(request);
    if (reason.empty()) return &implementation;
    if (reasons != nullptr)
      *reasons += fmt::format("{}{}: {}", reasons->empty() ? "" : "; ", implementation.name, reason);
  }
  return nullptr;
}

Expected<ChosenKernel> create_kernel(const KernelRequest& request) {
  std::string reasons;
  const Implementation* chosen = choose_implementation(request, &reasons);
  if (chosen == nullptr) {
    if (reasons.empty()) reasons = "the engine has no implementation of this operator";
    return Failure(Error{ErrorCode::Unsupported, std::move(reasons), describe(request.node), nullptr});
  }
  PARE_ASSIGN_IN(std::unique_ptr<Kernel> kernel, chosen->create(request), describe(request.node));
  return ChosenKernel{std::move(kernel), chosen->name};
}

}  // namespace pare
