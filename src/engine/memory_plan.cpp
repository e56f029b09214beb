#include "engine/memory_plan.h"

#include <algorithm>
#include <vector>

#include "base/memory.h"

namespace pare {
namespace {

// A piece of memory: one value, or several that take it over from each other in place.
struct Block {
  std::vector<const Value*> values;
  size_t bytes = 0;
  size_t first = 0, last = 0;  // steps during which the memory is taken, both included
  size_t offset = 0;

  bool lives_with(const Block& other) const { return first <= other.last && other.first <= last; }
};

size_t aligned(size_t bytes) {
  return (bytes + AlignedBytes::kAlignment - 1) / AlignedBytes::kAlignment * AlignedBytes::kAlignment;
}

size_t value_bytes(const Value& value) {
  return std::max<size_t>(1, storage_bytes(value.type.dtype, value.type.shape.elements()));
}

class Lifetimes {
 public:
  Lifetimes(const Graph& graph, const std::vector<PlannedNode>& nodes, bool keep_all) : end_(nodes.size()) {
    for (const Value* input : graph.inputs) add(input, 0, end_);
    for (const auto& value : graph.values())
      if (value->is_variable && !value->is_constant()) add(value.get(), 0, end_);
    for (size_t step = 0; step < nodes.size(); ++step) {
      const Node& node = *nodes[step].node;
      for (const Value* operand : node.operands) extend(operand, step);
      for (size_t i = 0; i < node.results.size(); ++i)
        if (keep_all || i > 0 || !take_over(nodes[step], step, graph))
          add(node.results[i], step, keep_all ? end_ : step);
    }
    for (const Value* output : graph.outputs) extend(output, end_);
  }

  std::vector<Block> blocks;

 private:
  void add(const Value* value, size_t first, size_t last) {
    if (block_of_.contains(value)) return;
    block_of_[value] = blocks.size();
    blocks.push_back({{value}, aligned(value_bytes(*value)), first, last, 0});
  }

  void extend(const Value* value, size_t step) {
    if (const auto found = block_of_.find(value); found != block_of_.end()) {
      Block& block = blocks[found->second];
      block.last = std::max(block.last, step);
    }
  }

  // Puts result 0 into the memory of an operand that dies here, if the kernel can work so.
  bool take_over(const PlannedNode& planned, size_t step, const Graph& graph) {
    const Node& node = *planned.node;
    for (size_t i = 0; i < node.operands.size() && i < planned.in_place.size(); ++i) {
      const Value* operand = node.operands[i];
      if (!planned.in_place[i] || operand == nullptr || operand->is_constant() || operand->is_variable) continue;
      if (graph.is_input(operand) || graph.is_output(operand) || graph.is_output(node.results[0])) continue;
      const std::vector<Use> uses = graph.uses(operand);
      if (uses.size() != 1 || value_bytes(*operand) != value_bytes(*node.results[0])) continue;
      Block& block = blocks[block_of_.at(operand)];
      if (block.values.back() != operand) continue;
      block.values.push_back(node.results[0]);
      block.last = std::max(block.last, step);
      block_of_[node.results[0]] = block_of_.at(operand);
      return true;
    }
    return false;
  }

  size_t end_;
  std::unordered_map<const Value*, size_t> block_of_;
};

// Lowest offset at which `block` collides with none of `placed` that live at the same time.
size_t lowest_offset(const Block& block, const std::vector<const Block*>& placed) {
  size_t offset = 0;
  for (const Block* other : placed) {  // sorted by offset
    if (!block.lives_with(*other)) continue;
    if (offset + block.bytes <= other->offset) break;
    offset = std::max(offset, other->offset + other->bytes);
  }
  return offset;
}

}  // namespace

Expected<void> check_fits_memory(const Value& value) {
  const size_t bytes = value_bytes(value);
  if (bytes <= physical_memory()) return {};
  return unsupported("tensor '{}' of the shape {} takes {} bytes, this computer has {}", value.name,
                     value.type.shape.to_string(), bytes, physical_memory());
}

MemoryPlan plan_memory(const Graph& graph, const std::vector<PlannedNode>& nodes, bool keep_all) {
  std::vector<Block> blocks = Lifetimes(graph, nodes, keep_all).blocks;
  std::stable_sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) { return a.bytes > b.bytes; });
  MemoryPlan plan;
  std::vector<const Block*> placed;
  for (Block& block : blocks) {
    block.offset = lowest_offset(block, placed);
    const auto by_offset = [](const Block* a, const Block* b) { return a->offset < b->offset; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &block, by_offset), &block);
    plan.arena_bytes = std::max(plan.arena_bytes, block.offset + block.bytes);
    for (const Value* value : block.values) plan.placements[value] = {block.offset, value_bytes(*value)};
  }
  return plan;
}

}  // namespace pare
