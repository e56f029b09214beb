// Pare's public interface: read a trained network, quantise it, run it, write it. Everything else under src/ may change at any time.
//
//   #include <pare/pare.h>
//
//   pare::Network network = pare::Network::load("net.h5");
//   pare::Network small = network.quantize({.data = "samples.npz"});
//   small.save("net_int8.tflite");
//   std::vector<pare::Array> scores = small.run({image});
//
// Functions throw pare::Exception for what a file or an argument causes.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace pare {

// Who has to act; the numbers are the exit codes of the program.
enum class Problem { Usage = 2, BadInput = 3, Unsupported = 4, Internal = 5 };

class Exception : public std::runtime_error {
 public:
  Exception(Problem problem, const std::string& message) : std::runtime_error(message), problem_(problem) {}
  Problem problem() const { return problem_; }

 private:
  Problem problem_;
};

// A dense row-major array of float32 with the batch first. Quantised inputs and outputs appear as real numbers.
struct Array {
  std::string name;  // of the input or output; may be left empty where there is one
  std::vector<int64_t> shape;
  std::vector<float> values;
};

struct QuantizeSettings {
  std::string mode = "int8";  // int8, int8_only, int16x8, dynamic, weight_only, fp16
  std::string data;       // data set for calibration (see docs/data_sets.md); needed by the modes that begin with int
  int64_t samples = 500;  // looked at, at most
  std::string io = "float32";        // type of inputs and outputs: float32, int8, uint8; int16 with int16x8
  std::vector<std::string> exclude;  // patterns of operator names that stay float
  int threads = 1;
};

// What quantisation decided for one operator.
struct Decision {
  std::string name, operator_name, precision, reason, remedy;
};

class Network {
 public:
  // .tflite, .h5, .keras or .pare, recognised by content.
  static Network load(const std::string& path);

  // Writes a .tflite, whole or not at all.
  void save(const std::string& path) const;

  Network quantize(const QuantizeSettings& settings) const;
  // Of a network that quantize() returned: one entry an operator, in order. Empty for others.
  const std::vector<Decision>& decisions() const;

  // One array an output.
  std::vector<Array> run(const std::vector<Array>& inputs, int threads = 1) const;

  // What `pare inspect --json` prints.
  std::string inspect() const;

  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

 private:
  struct State;
  explicit Network(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "0.1.0"
const char* version();

}  // namespace pare
