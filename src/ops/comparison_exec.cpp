#include <functional>

#include "ops/elementwise_kernels.h"
#include "ops/kernel_types.h"

namespace pare {
namespace {

std::string declines_plain(const KernelRequest& request) {
  if (request.type(0).is_quantized()) return "quantised elements";
  return refuse_other_types<float, int32_t, int64_t, bool>(request.dtype());
}

template <class Comparison>
Expected<std::unique_ptr<Kernel>> create_plain(const KernelRequest& request) {
  return with_type<float, int32_t, int64_t, bool>(request.dtype(), [&]<class T>(T) { return make_binary<T, bool>(request, Comparison()); });
}

std::string accepts(const KernelRequest&) { return ""; }  // the shape rule asks for bool

template <class Logic>
Expected<std::unique_ptr<Kernel>> create_logical(const KernelRequest& request) {
  return make_binary<bool, bool>(request, Logic());
}

Expected<std::unique_ptr<Kernel>> create_not(const KernelRequest& request) { return make_unary<bool, bool>(request, std::logical_not<>()); }

}  // namespace

ImplementationList exec_equal() { return {{"plain", declines_plain, create_plain<std::equal_to<>>}}; }
ImplementationList exec_not_equal() { return {{"plain", declines_plain, create_plain<std::not_equal_to<>>}}; }
ImplementationList exec_greater() { return {{"plain", declines_plain, create_plain<std::greater<>>}}; }
ImplementationList exec_greater_equal() { return {{"plain", declines_plain, create_plain<std::greater_equal<>>}}; }
ImplementationList exec_less() { return {{"plain", declines_plain, create_plain<std::less<>>}}; }
ImplementationList exec_less_equal() { return {{"plain", declines_plain, create_plain<std::less_equal<>>}}; }
ImplementationList exec_logical_and() { return {{"plain", accepts, create_logical<std::logical_and<>>}}; }
ImplementationList exec_logical_or() { return {{"plain", accepts, create_logical<std::logical_or<>>}}; }
ImplementationList exec_logical_not() { return {{"plain", accepts, create_not}}; }

}  // namespace pare
