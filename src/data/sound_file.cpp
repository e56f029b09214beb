#include "data/sound_file.h"

#include <sndfile.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "data/resample.h"

namespace pare {
namespace {

bool begins_with(std::span<const std::byte> bytes, size_t at, std::string_view magic) {
  return bytes.size() >= at + magic.size() && std::memcmp(bytes.data() + at, magic.data(), magic.size()) == 0;
}

// libsndfile takes a WAV that ends early for a shorter one; the header knows better, unless the writer could not go back to it.
Expected<void> check_whole(std::span<const std::byte> bytes) {
  uint64_t claimed = 0;
  for (size_t i = 0; i < 4; ++i) claimed |= static_cast<uint64_t>(bytes[4 + i]) << (8 * i);
  constexpr uint64_t kUnknown = 0xFFFFFFFF;
  if (claimed != kUnknown && claimed + 8 > bytes.size())
    return bad_input("the WAV file has {} bytes, its header says {}; it ends too early", bytes.size(), claimed + 8);
  return {};
}

// The bytes as libsndfile reads them.
struct MemoryFile {
  std::span<const std::byte> bytes;
  sf_count_t at = 0;

  static sf_count_t size(void* self) { return static_cast<sf_count_t>(static_cast<MemoryFile*>(self)->bytes.size()); }
  static sf_count_t tell(void* self) { return static_cast<MemoryFile*>(self)->at; }
  static sf_count_t seek(sf_count_t offset, int whence, void* self) {
    auto& file = *static_cast<MemoryFile*>(self);
    const sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.at : size(self);
    if (offset < -from || offset > size(self) - from) return -1;
    return file.at = from + offset;
  }
  static sf_count_t read(void* to, sf_count_t count, void* self) {
    auto& file = *static_cast<MemoryFile*>(self);
    count = std::clamp<sf_count_t>(count, 0, size(self) - file.at);
    std::memcpy(to, file.bytes.data() + file.at, static_cast<size_t>(count));
    file.at += count;
    return count;
  }
  static sf_count_t write(const void*, sf_count_t, void*) { return 0; }
};

// All frames, each the mean of its channels. Memory grows with what is decoded, not with what the header claims.
Expected<std::vector<float>> read_mono(SNDFILE* file, const SF_INFO& info) {
  constexpr sf_count_t kFrames = 4096;
  std::vector<float> frames(static_cast<size_t>(kFrames * info.channels)), mono;
  for (sf_count_t got = kFrames; got == kFrames;) {
    got = sf_readf_float(file, frames.data(), kFrames);
    for (sf_count_t i = 0; i < got; ++i) {
      float sum = 0;
      for (int c = 0; c < info.channels; ++c) sum += frames[static_cast<size_t>(i * info.channels + c)];
      mono.push_back(sum / static_cast<float>(info.channels));
    }
    if (static_cast<int64_t>(mono.size()) > kLongestSound)
      return bad_input("the sound has more than {} samples, the most that are decoded", kLongestSound);
  }
  if (sf_error(file) != SF_ERR_NO_ERROR) return bad_input("the sound cannot be decoded ({})", sf_strerror(file));
  if (info.frames < SF_COUNT_MAX && static_cast<sf_count_t>(mono.size()) < info.frames)
    return bad_input("the sound ends after {} samples, its header says {}", mono.size(), info.frames);
  return mono;
}

}  // namespace

Expected<Tensor> decode_sound(std::span<const std::byte> bytes, int64_t rate) {
  const bool wav = begins_with(bytes, 0, "RIFF") && begins_with(bytes, 8, "WAVE");
  if (!wav && !begins_with(bytes, 0, "fLaC")) return bad_input("neither a WAV nor a FLAC sound");
  if (wav) PARE_TRY(check_whole(bytes));
  MemoryFile memory{bytes};
  SF_VIRTUAL_IO access{MemoryFile::size, MemoryFile::seek, MemoryFile::read, MemoryFile::write, MemoryFile::tell};
  SF_INFO info{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> file(sf_open_virtual(&access, SFM_READ, &info, &memory), sf_close);
  if (!file) return bad_input("the sound cannot be decoded ({})", sf_strerror(nullptr));
  if (info.channels < 1 || info.samplerate < 1) return bad_input("the sound has no channels or no rate");
  PARE_ASSIGN(std::vector<float> mono, read_mono(file.get(), info));
  if (mono.empty()) return bad_input("the sound holds no samples");
  if (static_cast<double>(mono.size()) * static_cast<double>(rate) / info.samplerate >
      static_cast<double>(kLongestSound))
    return bad_input("the sound of {} samples at {} a second is too long at {} a second; at most {} samples are kept",
                     mono.size(), info.samplerate, rate, kLongestSound);
  if (info.samplerate != rate) mono = resample(mono, info.samplerate, rate);
  return Tensor::vector(mono);
}

}  // namespace pare
