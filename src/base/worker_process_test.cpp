#include "base/worker_process.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <vector>

namespace pare {
namespace {

constexpr WorkerProcess::Limits kSmall{.seconds = 1, .bytes = uint64_t{64} << 20};

Expected<WorkerProcess> start(const std::function<void(Channel&)>& serve) {
  return WorkerProcess::start(kSmall, serve);
}

// Whether a worker that does this ends without an answer.
bool dies(const std::function<void(Channel&)>& serve) {
  auto worker = start(serve);
  int answer = 0;
  return worker && !worker->channel().get(answer);
}

TEST(WorkerProcess, Answers) {
  auto worker = start([](Channel& channel) {
    for (std::string text; channel.get_text(text);) channel.put_text(text + "!");
  });
  ASSERT_TRUE(worker) << worker.error().to_string();
  for (const std::string text : {"a", "", "bc"}) {
    std::string answer;
    ASSERT_TRUE(worker->channel().put_text(text) && worker->channel().get_text(answer));
    EXPECT_EQ(answer, text + "!");
  }
}

TEST(WorkerProcess, DiesAlone) {
  EXPECT_TRUE(dies([](Channel&) { std::abort(); }));
  EXPECT_TRUE(dies([](Channel&) { throw 1; }));
  EXPECT_TRUE(dies([](Channel&) {}));
}

TEST(WorkerProcess, HasLittleTime) {
  EXPECT_TRUE(dies([](Channel&) {
    for (const volatile bool endless = true; endless;) {}
  }));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // those hold all addresses themselves
TEST(WorkerProcess, HasLittleMemory) {
  EXPECT_TRUE(dies([](Channel& channel) {
    const std::vector<char> much(size_t{1} << 30);
    channel.put(much.size());
  }));
}
#endif

TEST(WorkerProcess, SeveralEndInAnyOrder) {
  const auto echo = [](Channel& channel) {
    for (int value = 0; channel.get(value);) channel.put(value);
  };
  std::vector<WorkerProcess> workers;
  for (int i = 0; i < 3; ++i) workers.push_back(std::move(*start(echo)));
  workers.pop_back();
  { const WorkerProcess first = std::move(workers.front()); }
  int answer = 0;
  ASSERT_TRUE(workers[1].channel().put(7) && workers[1].channel().get(answer));
  EXPECT_EQ(answer, 7);
}

}  // namespace
}  // namespace pare
