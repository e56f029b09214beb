#include <map>
#include <string_view>

#include "passes/passes.h"

namespace pare {
namespace {

std::string_view text_of(const Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size()};
}

}  // namespace

Expected<size_t> merge_equal_constants(Graph& graph, const Evaluator&) {
  std::multimap<std::string_view, Value*> kept;  // by bytes
  std::vector<Value*> repeated;
  for (const auto& value : graph.values()) {
    if (!value->is_constant() || graph.is_output(value.get())) continue;
    const auto [first, last] = kept.equal_range(text_of(*value->data));
    auto same = first;
    while (same != last && same->second->type != value->type) ++same;
    if (same == last) {
      kept.emplace(text_of(*value->data), value.get());
      continue;
    }
    graph.replace_uses(value.get(), same->second);
    repeated.push_back(value.get());
  }
  for (Value* value : repeated) graph.erase(value);
  return repeated.size();
}

}  // namespace pare
