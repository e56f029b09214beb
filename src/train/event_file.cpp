#include "train/event_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>

#include "base/files.h"

namespace pare {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class T>
void put_bytes(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// CRC-32C (Castagnoli), a byte at a time.
uint32_t crc32c(std::string_view data) {
  static const auto table = [] {
    std::array<uint32_t, 256> made{};
    for (uint32_t i = 0; i < made.size(); ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit) made[i] = (made[i] >> 1) ^ ((made[i] & 1) != 0 ? 0x82f63b78u : 0u);
    }
    return made;
  }();
  uint32_t crc = ~0u;
  for (const char c : data) crc = (crc >> 8) ^ table[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return ~crc;
}

// TFRecord files rotate and shift their checksums, so that a checksum of data with checksums in it is sound.
uint32_t masked_crc(std::string_view data) { return std::rotr(crc32c(data), 15) + 0xa282ead8u; }

// A protocol message as its bytes. Fields are numbered as in TensorFlow's event.proto, summary.proto and histogram.proto.
class Message {
 public:
  const std::string& bytes() const { return bytes_; }

  Message& integer(int field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message& real(int field, double value) {
    key(field, 1);
    put_bytes(bytes_, value);
    return *this;
  }
  Message& real32(int field, float value) {
    key(field, 5);
    put_bytes(bytes_, value);
    return *this;
  }
  Message& text(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }
  Message& reals(int field, const std::vector<double>& values) {
    return text(field, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)});
  }

 private:
  void key(int field, int wire_type) { varint(static_cast<uint64_t>(field << 3 | wire_type)); }
  void varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

Message event() {
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  return Message().real(1, now.count());
}

Message message_of(const Histogram& histogram) {
  return Message()
      .real(1, histogram.smallest)
      .real(2, histogram.largest)
      .real(3, histogram.count)
      .real(4, histogram.sum)
      .real(5, histogram.sum_of_squares)
      .reals(6, histogram.limits)
      .reals(7, histogram.counts);
}

Message message_of(const LoggedValue& logged) {
  Message message = Message().text(1, logged.name);
  if (const auto* number = std::get_if<double>(&logged.value)) return message.real32(2, static_cast<float>(*number));
  return message.message(5, message_of(std::get<Histogram>(logged.value)));
}

}  // namespace

Histogram histogram_of(std::span<const float> values) {
  constexpr size_t kBuckets = 30;
  Histogram made;
  std::vector<float> finite;
  std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
               [](float value) { return std::isfinite(value); });
  if (finite.empty()) return made;
  const auto [smallest, largest] = std::minmax_element(finite.begin(), finite.end());
  made.smallest = *smallest;
  made.largest = *largest;
  made.count = static_cast<double>(finite.size());
  const double width = (made.largest - made.smallest) / kBuckets;
  const size_t buckets = width > 0 ? kBuckets : 1;
  for (size_t i = 1; i < buckets; ++i) made.limits.push_back(made.smallest + width * static_cast<double>(i));
  made.limits.push_back(made.largest);
  made.counts.resize(buckets);
  for (const float each : finite) {
    const auto value = static_cast<double>(each);
    made.sum += value;
    made.sum_of_squares += value * value;
    const auto bucket = std::lower_bound(made.limits.begin(), made.limits.end() - 1, value) - made.limits.begin();
    made.counts[static_cast<size_t>(bucket)] += 1;
  }
  return made;
}

std::string tf_record(std::string_view data) {
  std::string record;
  put_bytes(record, static_cast<uint64_t>(data.size()));
  put_bytes(record, masked_crc(record));
  record += data;
  put_bytes(record, masked_crc(data));
  return record;
}

Expected<EventFile> EventFile::create(std::filesystem::path path, int64_t first_step) {
  constexpr int kVersion = 3, kStep = 2, kSession = 7, kStatus = 1, kStart = 1;
  const Message version = event().text(kVersion, "brain.Event:2");
  const Message start = event().integer(kStep, first_step).message(kSession, Message().integer(kStatus, kStart));
  PARE_TRY(write_file(path, tf_record(version.bytes()) + tf_record(start.bytes())));
  return EventFile(std::move(path));
}

Expected<void> EventFile::append(int64_t step, std::span<const LoggedValue> values) {
  constexpr int kStep = 2, kSummary = 5, kValue = 1;
  Message summary;
  for (const LoggedValue& each : values) summary.message(kValue, message_of(each));
  return append_file(path_, tf_record(event().integer(kStep, step).message(kSummary, summary).bytes()));
}

}  // namespace pare
