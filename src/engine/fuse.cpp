#include "engine/fuse.h"

#include "engine/kernel.h"
#include "ops/conv_2d.h"
#include "ops/elementwise_binary.h"

namespace pare {
namespace {

constexpr size_t kAddend = 3;  // operand of conv_2d

bool can_take_addend(const Graph& graph, const Node* conv, const Shape& shape, int threads) {
  if (conv == nullptr || !conv->is("conv_2d") || conv->operand(kAddend) != nullptr) return false;
  if (conv->attrs<Conv2dAttributes>().activation != Activation::None) return false;
  if (conv->result()->type.shape != shape || graph.use_count(conv->result()) != 1) return false;
  const Implementation* implementation = choose_implementation({*conv, Engine::Fast, threads});
  return implementation != nullptr && implementation->takes_addend;
}

// Replaces `add` and `conv`, one of its operands, by a convolution in the place of `add`.
void fuse(Graph& graph, Node* add, Node* conv, Value* addend) {
  Conv2dAttributes attributes = conv->attrs<Conv2dAttributes>();
  attributes.activation = add->attrs<AddAttributes>().activation;
  Value* result = graph.add_value(add->result()->name, add->result()->type);
  Node* fused = graph.append_with_results(conv->op(), attributes,
                                          {conv->operand(0), conv->operand(1), conv->operand(2), addend}, {result});
  fused->name = add->name;
  graph.move_last_before(add);
  graph.replace_uses(add->result(), result);
  graph.erase(add);
  graph.erase(conv);
}

}  // namespace

void fuse_for_engine(Graph& graph, int threads) {
  std::vector<Node*> additions;
  for (const auto& node : graph.nodes())
    if (node->is("add") && KernelRequest{*node}.all_float()) additions.push_back(node.get());
  for (Node* add : additions) {
    const Shape& shape = add->result()->type.shape;
    if (add->attrs<AddAttributes>().activation == Activation::Tanh) continue;
    for (const size_t side : {0, 1}) {
      Value* addend = add->operand(1 - side);
      if (addend->type.shape != shape || !can_take_addend(graph, add->operand(side)->producer, shape, threads))
        continue;
      fuse(graph, add, add->operand(side)->producer, addend);
      break;
    }
  }
}

}  // namespace pare
