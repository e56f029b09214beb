// Every graph of tests/golden/operators.txt: our reference kernels against what LiteRT's gave.
#include <gmock/gmock.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "engine/program.h"
#include "ir/text.h"

namespace pare {
namespace {

std::vector<std::string> golden_graphs() {
  std::ifstream file(std::string(PARE_GOLDEN_DIR) + "/operators.txt");
  std::stringstream whole;
  whole << file.rdbuf();
  const std::string text = whole.str();
  std::vector<std::string> graphs;
  for (size_t at = text.find("graph \""); at != std::string::npos;) {
    const size_t next = text.find("\ngraph \"", at);
    graphs.push_back(text.substr(at, next == std::string::npos ? next : next - at));
    at = next == std::string::npos ? next : next + 1;
  }
  return graphs;
}

class Golden : public ::testing::TestWithParam<std::string> {};

// The graph returns our result and the expected one. Everything in it is constant, so that compiling it evaluates it, with the
// reference kernels. Integer results agree in every bit; float results of integer products up to the order of the last roundings.
TEST_P(Golden, AgreesWithLiteRt) {
  auto graph = parse_graph(GetParam());
  ASSERT_TRUE(graph) << graph.error().to_string();
  auto program = Program::compile(*graph, {.engine = Engine::Reference});
  ASSERT_TRUE(program) << program.error().to_string();
  const Graph& compiled = (*program)->graph();
  ASSERT_EQ(compiled.outputs.size(), 2u);
  ASSERT_TRUE(compiled.outputs[0]->is_constant());
  const Tensor &got = *compiled.outputs[0]->data, &expected = *compiled.outputs[1]->data;
  ASSERT_EQ(got.shape(), expected.shape());
  if (got.dtype() == DType::Float32) {
    const auto ours = got.values<float>(), theirs = expected.values<float>();
    for (size_t i = 0; i < ours.size(); ++i)
      EXPECT_NEAR(ours[i], theirs[i], 1e-6 * std::max(1.f, std::abs(theirs[i]))) << i;
  } else {
    EXPECT_EQ(to_int64(got), to_int64(expected));
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, Golden, ::testing::ValuesIn(golden_graphs()), [](const auto& info) {
  std::string name = info.param.substr(7, info.param.find('"', 7) - 7);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
});

}  // namespace
}  // namespace pare
