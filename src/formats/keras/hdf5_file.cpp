#include "formats/keras/hdf5_file.h"

#include <functional>
#include <mutex>

#include "base/worker_process.h"
#include "formats/keras/hdf5_reader.h"

namespace pare {
namespace {

enum class Query : uint8_t { Has, Texts, Shape, Floats };

// How each kind of answer travels: put(channel, value), get(channel, value).
using Texts = std::optional<std::vector<std::string>>;

bool put(Channel& to, bool value) { return to.put(uint8_t{value}); }
bool get(Channel& from, bool& value) {
  uint8_t byte = 0;
  const bool got = from.get(byte);
  value = byte != 0;
  return got;
}

bool put(Channel& to, const Texts& texts) {
  bool sent = put(to, texts.has_value()) && (!texts || to.put(uint64_t{texts->size()}));
  if (texts)
    for (const std::string& text : *texts) sent = sent && to.put_text(text);
  return sent;
}
bool get(Channel& from, Texts& texts) {
  bool some = false;
  uint64_t count = 0;
  if (!get(from, some)) return false;
  if (!some) return true;
  texts.emplace();
  if (!from.get(count)) return false;
  for (uint64_t i = 0; i < count; ++i)
    if (!from.get_text(texts->emplace_back())) return false;
  return true;
}

bool put(Channel& to, const Shape& shape) {
  return to.put(shape.rank()) && to.send(std::as_bytes(std::span(shape.dims())));
}
bool get(Channel& from, Shape& shape) {
  int rank = 0;
  if (!from.get(rank) || rank < 0 || rank > 64) return false;
  std::vector<int64_t> extents(static_cast<size_t>(rank));
  if (!from.receive(std::as_writable_bytes(std::span(extents)))) return false;
  shape = Shape(std::move(extents));
  return shape.checked_elements().has_value();
}

bool put(Channel& to, const Tensor& tensor) { return put(to, tensor.shape()) && to.send(tensor.bytes()); }
bool get(Channel& from, Tensor& tensor) {
  Shape shape;
  if (!get(from, shape)) return false;
  tensor = Tensor(DType::Float32, std::move(shape));
  return from.receive(tensor.mutable_bytes());
}

// An answer is the value, or an error as its code and one line.
template <class T>
bool put(Channel& to, const Expected<T>& answer) {
  if (!put(to, answer.has_value())) return false;
  return answer ? put(to, *answer) : to.put(answer.error().code) && to.put_text(answer.error().to_string());
}

Failure no_answer() {
  return bad_input("the HDF5 library crashed on this file or found no end of it; the file is damaged or forged");
}

template <class T>
Expected<T> get_answer(Channel& from) {
  bool good = false;
  if (!get(from, good)) return no_answer();
  if (good) {
    T value{};
    if (!get(from, value)) return no_answer();
    return value;
  }
  Error error;
  if (!from.get(error.code) || !from.get_text(error.message)) return no_answer();
  return Failure(std::move(error));
}

// What the other process does: opens, then answers until nobody asks.
void serve(Channel& channel, const std::function<Expected<Hdf5Reader>()>& open) {
  const Expected<Hdf5Reader> reader = open();
  const Expected<bool> opened = reader ? Expected<bool>(true) : Expected<bool>(Failure(reader.error()));
  if (!put(channel, opened) || !reader) return;
  Query query;
  std::string path, attribute;
  while (channel.get(query) && channel.get_text(path) && channel.get_text(attribute)) {
    bool sent = false;
    switch (query) {
      case Query::Has: sent = put(channel, Expected<bool>(reader->has(path))); break;
      case Query::Texts: sent = put(channel, reader->texts(path, attribute)); break;
      case Query::Shape: sent = put(channel, reader->shape(path)); break;
      case Query::Floats: sent = put(channel, reader->floats(path)); break;
    }
    if (!sent) return;
  }
}

#if defined(__SANITIZE_ADDRESS__)
constexpr uint64_t kSeconds = 10;  // tests of sanitized programs take many times as long
#else
constexpr uint64_t kSeconds = 2;
#endif

// An honest file takes some milliseconds for each of its megabytes.
WorkerProcess::Limits limits_for(uint64_t bytes) {
  return {.seconds = kSeconds + (bytes >> 20), .bytes = (uint64_t{1} << 30) + 8 * bytes};
}

}  // namespace

struct Hdf5File::State {
  explicit State(WorkerProcess started) : worker(std::move(started)) {}

  static Expected<std::shared_ptr<State>> start(uint64_t bytes, const std::function<Expected<Hdf5Reader>()>& open) {
    PARE_ASSIGN(WorkerProcess worker,
                WorkerProcess::start(limits_for(bytes), [&](Channel& channel) { serve(channel, open); }));
    auto state = std::make_shared<State>(std::move(worker));
    PARE_TRY(get_answer<bool>(state->worker.channel()));
    return state;
  }

  template <class T>
  Expected<T> ask(Query query, const std::string& path, const std::string& attribute = {}) {
    const std::lock_guard lock(mutex);
    Channel& channel = worker.channel();
    if (!channel.put(query) || !channel.put_text(path) || !channel.put_text(attribute)) return no_answer();
    return get_answer<T>(channel);
  }

  WorkerProcess worker;
  std::mutex mutex;  // one question at a time
};

Expected<Hdf5File> Hdf5File::open(const std::filesystem::path& path) {
  std::error_code failure;
  const uint64_t bytes = std::filesystem::file_size(path, failure);
  if (failure == std::errc::no_such_file_or_directory) return fail(ErrorCode::Io, "the file does not exist");
  PARE_ASSIGN(auto state, State::start(failure ? 0 : bytes, [&] { return Hdf5Reader::open(path); }));
  return Hdf5File(std::move(state));
}

Expected<Hdf5File> Hdf5File::from_bytes(std::span<const std::byte> bytes) {
  PARE_ASSIGN(auto state, State::start(bytes.size(), [&] { return Hdf5Reader::from_bytes(bytes); }));
  return Hdf5File(std::move(state));
}

bool Hdf5File::has(const std::string& path) const { return state_->ask<bool>(Query::Has, path).value_or(false); }

Expected<std::optional<std::string>> Hdf5File::text(const std::string& path, const std::string& attribute) const {
  PARE_ASSIGN(auto values, state_->ask<Texts>(Query::Texts, path, attribute));
  if (!values) return std::optional<std::string>{};
  if (values->size() != 1)
    return bad_input("attribute '{}' holds {} texts, one was expected", attribute, values->size());
  return std::optional<std::string>{std::move(values->front())};
}

Expected<std::optional<std::vector<std::string>>> Hdf5File::texts(const std::string& path,
                                                                  const std::string& attribute) const {
  PARE_ASSIGN(auto whole, state_->ask<Texts>(Query::Texts, path, attribute));
  if (whole) return whole;
  Texts joined;
  for (int part = 0;; ++part) {
    PARE_ASSIGN(auto values, state_->ask<Texts>(Query::Texts, path, fmt::format("{}{}", attribute, part)));
    if (!values) return joined;
    if (!joined) joined.emplace();
    joined->insert(joined->end(), values->begin(), values->end());
  }
}

Expected<Shape> Hdf5File::shape(const std::string& path) const { return state_->ask<Shape>(Query::Shape, path); }
Expected<Tensor> Hdf5File::floats(const std::string& path) const { return state_->ask<Tensor>(Query::Floats, path); }

}  // namespace pare
