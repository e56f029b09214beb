// A forked copy of this process that answers requests, for libraries that hostile files can crash or hang: what goes wrong there ends
// the worker, and its owner sees an answer missing.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <type_traits>

#include "base/error.h"

namespace pare {

// One end of the line between owner and worker. Both run the same program, so values travel as they lie in memory.
class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}
  ~Channel();
  Channel(Channel&& other) noexcept;
  Channel& operator=(Channel&&) = delete;

  // False once the other side is gone.
  bool send(std::span<const std::byte> bytes);
  bool receive(std::span<std::byte> bytes);

  template <class T>
  requires std::is_trivially_copyable_v<T>
  bool put(const T& value) { return send(std::as_bytes(std::span(&value, 1))); }
  template <class T>
  requires std::is_trivially_copyable_v<T>
  bool get(T& value) { return receive(std::as_writable_bytes(std::span(&value, 1))); }
  bool put_text(const std::string& text);
  bool get_text(std::string& text);

 private:
  int socket_;
};

class WorkerProcess {
 public:
  struct Limits {
    uint64_t seconds;  // of processor time, over its whole life
    uint64_t bytes;    // of memory beyond what the process holds already
  };

  // The worker runs `serve` until it returns or the owner is gone. It must not touch what other threads of this process hold.
  static Expected<WorkerProcess> start(const Limits& limits, const std::function<void(Channel&)>& serve);
  ~WorkerProcess();  // ends it
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&&) = delete;

  Channel& channel() { return channel_; }

 private:
  WorkerProcess(pid_t process, Channel channel) : process_(process), channel_(std::move(channel)) {}
  pid_t process_;
  Channel channel_;
};

}  // namespace pare
