// Sounds from the file to the features.
#include <gmock/gmock.h>

#include <cmath>
#include <complex>
#include <cstring>
#include <numbers>

#include "base/random.h"
#include "data/data_set.h"
#include "data/resample.h"
#include "data/sound_features.h"
#include "data/sound_file.h"
#include "data/test_images.h"
#include "testing/temporary_folder.h"

namespace pare {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;

constexpr double kPi = std::numbers::pi;

// A WAV of 16 bits, the channels interleaved.
std::string wav(const std::vector<int16_t>& values, uint16_t channels = 1, uint32_t rate = 8000) {
  const auto bytes = [](auto number) {
    return std::string(reinterpret_cast<const char*>(&number), sizeof number);  // little-endian, as this computer is
  };
  const auto size = static_cast<uint32_t>(2 * values.size());
  const auto frame = static_cast<uint16_t>(2 * channels);
  std::string text = "RIFF" + bytes(36 + size) + "WAVEfmt " + bytes(uint32_t{16}) + bytes(uint16_t{1}) +
                     bytes(channels) + bytes(rate) + bytes(rate * frame) + bytes(frame) + bytes(uint16_t{16}) + "data" +
                     bytes(size);
  for (const int16_t value : values) text += bytes(value);
  return text;
}
Expected<Tensor> decode(const std::string& text, int64_t rate = 8000) {
  return decode_sound(std::as_bytes(std::span(text)), rate);
}
std::string error_of(const std::string& text) {
  const auto sound = decode(text);
  return sound ? "no error" : sound.error().message;
}

std::vector<float> tone(double hz, double rate, size_t size) {
  std::vector<float> out;
  for (size_t n = 0; n < size; ++n)
    out.push_back(static_cast<float>(std::sin(2 * kPi * hz * static_cast<double>(n) / rate)));
  return out;
}

// 20 samples n of (-1)^n n / 32 at 8 kHz.
constexpr std::string_view kFlac =
    "664c6143000000221000100000001700001701f400f0000000142733af51db812ba6c0aef91eccc043838400002820000000"
    "7265666572656e6365206c6962464c414320312e342e3220323032323130323200000000fff8640800139a410040b5c1d803"
    "9659659659659694fc";

TEST(SoundFile, WavAndFlac) {
  const auto mono = decode(wav({0, 16384, -32768, 8192}));
  ASSERT_TRUE(mono) << mono.error().to_string();
  EXPECT_THAT(mono->values<float>(), ElementsAre(0, 0.5f, -1, 0.25f));
  const auto stereo = decode(wav({16384, 0, -16384, 16384}, 2));
  ASSERT_TRUE(stereo);
  EXPECT_THAT(stereo->values<float>(), ElementsAre(0.25f, 0)) << "the mean of the channels";
  const auto flac = decode_sound(testing::from_hex(kFlac), 8000);
  ASSERT_TRUE(flac) << flac.error().to_string();
  ASSERT_EQ(flac->shape(), (Shape{20}));
  EXPECT_EQ(flac->values<float>()[19], -19 / 32.0f);
}

TEST(SoundFile, AnotherRate) {
  const auto sound = decode(wav(std::vector<int16_t>(800, 16384)), 16'000);
  ASSERT_TRUE(sound);
  EXPECT_EQ(sound->shape(), (Shape{1600}));
  EXPECT_NEAR(sound->values<float>()[800], 0.5f, 1e-4f);
}

TEST(SoundFileErrors, SayWhatIsWrong) {
  const std::string whole = wav({1, 2, 3, 4});
  EXPECT_EQ(error_of("not a sound at all"), "neither a WAV nor a FLAC sound");
  EXPECT_EQ(error_of(""), "neither a WAV nor a FLAC sound");
  EXPECT_EQ(error_of(whole.substr(0, 46)), "the WAV file has 46 bytes, its header says 52; it ends too early");
  EXPECT_EQ(error_of(wav({})), "the sound holds no samples");
  std::string cut = whole.substr(0, 20);
  std::memcpy(cut.data() + 4, "\x0c\0\0\0", 4);
  EXPECT_THAT(error_of(cut), HasSubstr("cannot be decoded ("));
  const std::vector<std::byte> flac = testing::from_hex(kFlac);
  const auto truncated = decode_sound(std::span(flac).first(flac.size() - 8), 8000);
  ASSERT_FALSE(truncated);
  EXPECT_THAT(truncated.error().message, HasSubstr("the sound "));
}

TEST(Resample, KeepsWhatBothRatesHold) {
  for (const auto& [from, to] : {std::pair(8000, 16'000), std::pair(44'100, 16'000), std::pair(22'050, 16'000)}) {
    const std::vector<float> there = resample(tone(1000, from, static_cast<size_t>(from) / 5), from, to);
    ASSERT_EQ(there.size(), static_cast<size_t>(to) / 5);
    const std::vector<float> wanted = tone(1000, to, there.size());
    for (size_t n = 400; n + 400 < there.size(); ++n) EXPECT_NEAR(there[n], wanted[n], 1e-3) << from << " at " << n;
  }
}

TEST(Resample, RemovesWhatTheLowerRateCannotHold) {
  const std::vector<float> there = resample(tone(5000, 16'000, 3200), 16'000, 8000);
  for (size_t n = 100; n + 100 < there.size(); ++n) EXPECT_NEAR(there[n], 0, 1e-3);
}

// The definition, in double precision and without a fast transform.
std::vector<double> naive_log_mel(std::span<const float> frame, int fft, int mels, double rate, double low,
                                  double high) {
  const auto mel = [](double hz) { return 1127 * std::log(1 + hz / 700); };
  const auto size = static_cast<int>(frame.size());
  std::vector<double> bands;
  for (int b = 0; b < mels; ++b) {
    const double step = (mel(high) - mel(low)) / (mels + 1), centre = mel(low) + (b + 1) * step;
    double sum = 0;
    for (int k = 1; k <= fft / 2; ++k) {
      std::complex<double> line = 0;
      for (int n = 0; n < size; ++n) {
        const double window = 0.5 - 0.5 * std::cos(2 * kPi * n / (size % 2 == 0 ? size : size - 1));
        line += window * double{frame[static_cast<size_t>(n)]} * std::polar(1.0, -2 * kPi * k * n / fft);
      }
      sum += std::abs(line) * std::max(0.0, 1 - std::abs(mel(k * rate / fft) - centre) / step);
    }
    bands.push_back(std::log(sum + 1e-6));
  }
  return bands;
}

Tensor noise(int64_t size) {
  Random random(1);
  Tensor signal(DType::Float32, {size});
  for (float& value : signal.mutable_values<float>()) value = random.uniform(-1, 1);
  return signal;
}

TEST(SoundFeatures, LogMelAndMfccAreTheirFormulas) {
  const Tensor signal = noise(400);
  for (const float window_ms : {16.0f, 12.875f}) {  // 128 and 103 samples
    SoundSteps steps{.rate = 8000,
                     .features = SoundFeatures::LogMel,
                     .window_ms = window_ms,
                     .hop_ms = 10,
                     .fft = 160,
                     .mels = 12,
                     .lowest_hz = 100,
                     .highest_hz = 3000,
                     .coefficients = 5};
    ASSERT_TRUE(check_sound_steps(steps));
    const auto window = static_cast<size_t>(steps.window());
    const auto log_mel = sound_features(signal, steps);
    ASSERT_TRUE(log_mel) << log_mel.error().to_string();
    ASSERT_EQ(log_mel->shape(), (Shape{4, 12}));
    steps.features = SoundFeatures::Mfcc;
    const auto mfcc = sound_features(signal, steps);
    ASSERT_EQ(mfcc->shape(), (Shape{4, 5}));
    for (size_t f = 0; f < 4; ++f) {
      const std::vector<double> wanted =
          naive_log_mel(signal.values<float>().subspan(80 * f, window), 160, 12, 8000, 100, 3000);
      EXPECT_THAT(log_mel->values<float>().subspan(12 * f, 12),
                  Pointwise(FloatNear(1e-4f), std::vector<float>(wanted.begin(), wanted.end())));
      for (int c = 0; c < 5; ++c) {
        double sum = 0;
        for (int b = 0; b < 12; ++b) sum += wanted[static_cast<size_t>(b)] * std::cos(kPi * c * (b + 0.5) / 12);
        EXPECT_NEAR(mfcc->values<float>()[5 * f + static_cast<size_t>(c)], sum * std::sqrt(2.0 / 12), 1e-4);
      }
    }
  }
}

TEST(SoundFeatures, CutOrFilledToALength) {
  const SoundSteps steps{.rate = 4, .seconds = 0.75f};
  EXPECT_THAT(sound_features(Tensor::vector<float>({1, 2, 3, 4}), steps)->values<float>(), ElementsAre(1, 2, 3));
  EXPECT_THAT(sound_features(Tensor::vector<float>({1, 2}), steps)->values<float>(), ElementsAre(1, 2, 0));
  EXPECT_THAT(sound_features(Tensor(DType::Float32, {2, 2}), steps).error().message,
              HasSubstr("[sound] needs waveforms [samples], the sample has the shape [2, 2]"));
  EXPECT_THAT(sound_features(noise(100), {.features = SoundFeatures::Mfcc}).error().message,
              HasSubstr("the sound has 100 samples, a window 480; give the 'seconds'"));
}

TEST(SoundDescription, ReadsAndWritesEveryKey) {
  const auto description = parse_description(
      "[source]\nkind = 'sounds'\npath = 'words.tar.gz'\nlabels = 'list.csv'\n[sound]\nrate = 8000\nseconds = 0.5\nfeatures = "
      "'mfcc'\nwindow_ms = 25\nhop_ms = 10\nfft = 512\nmels = 20\nlowest_hz = 80\nhighest_hz = 3800\ncoefficients = 12\n"
      "[preprocess]\nshape = [48, 12, 1]\n",
      "/");
  ASSERT_TRUE(description) << description.error().to_string();
  EXPECT_EQ(description->source->kind, SourceKind::Sounds);
  EXPECT_EQ(description->source->labels, "list.csv") << "it may lie inside the archive";
  const SoundSteps wanted{.rate = 8000,
                          .seconds = 0.5f,
                          .features = SoundFeatures::Mfcc,
                          .window_ms = 25,
                          .hop_ms = 10,
                          .fft = 512,
                          .mels = 20,
                          .lowest_hz = 80,
                          .highest_hz = 3800,
                          .coefficients = 12};
  EXPECT_TRUE(description->preprocessing.sound == wanted);
  const auto again = parse_description(to_toml(*description, "/"), "/");
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_TRUE(again->preprocessing.sound == wanted) << to_toml(*description, "/");
}

TEST(SoundDescription, RejectsWhatIsWrongByName) {
  const auto message = [](std::string_view keys) {
    const auto description = parse_description(fmt::format("[source]\npath = 'x.npz'\n[sound]\n{}", keys), "/");
    return description ? std::string("no error") : description.error().message;
  };
  EXPECT_THAT(message("hop = 1"), HasSubstr("unknown key 'hop' in [sound]; known are: rate, seconds"));
  EXPECT_THAT(message("features = 'chroma'"), HasSubstr("must be one of: waveform, log_mel, mfcc"));
  EXPECT_THAT(message("rate = 0"), HasSubstr("'rate' in [sound] is 0"));
  EXPECT_THAT(message("seconds = -1"), HasSubstr("'seconds' in [sound] is -1"));
  EXPECT_THAT(message("seconds = 1e9"), HasSubstr("'seconds' in [sound]"));
  EXPECT_THAT(message("window_ms = 0"), HasSubstr("'window_ms' in [sound] is 0; at least one sample"));
  EXPECT_THAT(message("hop_ms = -3"), HasSubstr("'hop_ms' in [sound] is -3"));
  EXPECT_THAT(message("fft = 256"), HasSubstr("'fft' in [sound] is 256; an even number from the 480 samples"));
  EXPECT_THAT(message("highest_hz = 9000"), HasSubstr("are 20 and 9000; 0 <= lowest < highest <= 8000"));
  EXPECT_THAT(message("mels = 0"), HasSubstr("'mels' in [sound] is 0"));
  EXPECT_THAT(message("features = 'mfcc'\ncoefficients = 41"), HasSubstr("1 to the 40 of 'mels'"));
}

class SoundSets : public testing::TemporaryFolder {};

TEST_F(SoundSets, AFolderAClass) {
  const std::string sound = wav(std::vector<int16_t>(4000, 1000));
  put("words/no/a.wav", sound);
  put("words/yes/a.WAV", sound);
  put("words/yes/readme.txt", "");
  const auto set = DataSet::open(put(
      "words.toml",
      "[source]\npath = 'words'\n[sound]\nseconds = 1\nfeatures = 'mfcc'\ncoefficients = 10\n[preprocess]\nshape = [49, 10, 1]"));
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_THAT(set->class_names(), ElementsAre("no", "yes"));
  const auto view = set->split(Split::Test);
  ASSERT_TRUE(view) << view.error().to_string();
  EXPECT_THAT(view->labels(), ElementsAre(0, 1));
  const auto batch = view->source().read(0, 2);
  ASSERT_TRUE(batch) << batch.error().to_string();
  EXPECT_EQ(batch->front().shape(), (Shape{2, 49, 10, 1}));
}

TEST_F(SoundSets, ABareFolderHoldsWaveformsAt16KHz) {
  put("words/no/a.wav", wav({0, 0, 0, 0}));
  const auto set = DataSet::open(folder_ / "words");
  ASSERT_TRUE(set) << set.error().to_string();
  EXPECT_EQ(set->split(Split::Test)->source().read(0, 1)->front().shape(), (Shape{1, 8}));
  put("words/yes/b.wav", wav({0}));
  const auto view = DataSet::open(folder_ / "words")->split(Split::Test);
  EXPECT_THAT(view->source().read(0, 2).error().to_string(),
              HasSubstr("b.wav: the sample has the shape [2], others have [8]; "));
  put("words/yes/b.wav", "no sound");
  EXPECT_THAT(view->source().read(0, 2).error().to_string(), HasSubstr("b.wav: neither a WAV nor a FLAC sound"));
  put("words/yes/b.png", "");
  EXPECT_EQ(kind_by_name(folder_ / "words"), SourceKind::Images) << "where there is an image";
}

TEST_F(SoundSets, WithoutASoundThereIsNothingToRead) {
  put("words/a.txt", "");
  const auto set = DataSet::open(put("words.toml", "[source]\nkind = 'sounds'\npath = 'words'"));
  EXPECT_THAT(set.error().to_string(), HasSubstr("there are 1 files in it, none is a WAV or FLAC sound"));
}

}  // namespace
}  // namespace pare
