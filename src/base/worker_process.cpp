#include "base/worker_process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <system_error>
#include <utility>

namespace pare {
namespace {

constexpr uint64_t kLongestText = uint64_t{1} << 30;

uint64_t address_space() {
  unsigned long long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r"); file != nullptr) {
    if (std::fscanf(file, "%llu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Never above what holds already.
void lower(decltype(RLIMIT_AS) what, uint64_t value) {
  rlimit limit{};
  ::getrlimit(what, &limit);
  limit.rlim_cur = limit.rlim_max = std::min<rlim_t>(limit.rlim_max, value);
  ::setrlimit(what, &limit);
}

[[noreturn]] void run_worker(Channel channel, const WorkerProcess::Limits& limits,
                             const std::function<void(Channel&)>& serve) {
  lower(RLIMIT_CORE, 0);
  lower(RLIMIT_CPU, limits.seconds);
  if (const uint64_t held = address_space(); held > 0) lower(RLIMIT_AS, held + limits.bytes);
  // What the C library says of a damaged heap is no message for users; the owner reports the failure.
  if (const int nowhere = ::open("/dev/null", O_WRONLY); nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  for (const int signal : {SIGINT, SIGTERM}) ::signal(signal, SIG_DFL);
  try {
    serve(channel);
  } catch (...) {  // out of memory
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

Channel::Channel(Channel&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
Channel::~Channel() {
  if (socket_ >= 0) ::close(socket_);
}

bool Channel::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(sent));
  }
  return true;
}

bool Channel::receive(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(got));
  }
  return true;
}

bool Channel::put_text(const std::string& text) {
  return put(uint64_t{text.size()}) && send(std::as_bytes(std::span(text)));
}

bool Channel::get_text(std::string& text) {
  uint64_t size = 0;
  if (!get(size) || size > kLongestText) return false;
  text.resize(size);
  return receive(std::as_writable_bytes(std::span(text)));
}

Expected<WorkerProcess> WorkerProcess::start(const Limits& limits, const std::function<void(Channel&)>& serve) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(ErrorCode::Io, "no line to a second process: {}", std::generic_category().message(errno));
  Channel ours(ends[0]), theirs(ends[1]);
  const pid_t process = ::fork();
  if (process < 0)
    return fail(ErrorCode::Io, "a second process cannot be started: {}", std::generic_category().message(errno));
  if (process == 0) {
    { const Channel unused(std::move(ours)); }  // so that the end of the owner is seen here
    run_worker(std::move(theirs), limits, serve);
  }
  return WorkerProcess(process, std::move(ours));
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)), channel_(std::move(other.channel_)) {}

// It is killed, not left to see its line closed: workers started since hold a copy of that line.
WorkerProcess::~WorkerProcess() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {}
}

}  // namespace pare
