// A program outside the project: loads a network, quantises it, runs both forms, writes one.
#include <pare/pare.h>

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace {

int check(bool condition, const char* what) {
  if (!condition) std::fprintf(stderr, "failed: %s\n", what);
  return condition ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  int failures = check(std::string(pare::version()).find('.') != std::string::npos, "version");
  const pare::Network network = pare::Network::load(argv[1]);
  const pare::Network small = network.quantize({.mode = "fp16"});
  failures += check(!small.decisions().empty() && network.decisions().empty(), "decisions");
  const pare::Array image{"", {1, 28, 28, 1}, std::vector<float>(784, 0.5f)};
  const std::vector<pare::Array> before = network.run({image}), after = small.run({image});
  failures += check(before.size() == 1 && after.size() == 1 && before[0].values.size() == 10, "outputs");
  for (size_t i = 0; i < before[0].values.size(); ++i)
    failures += check(std::abs(before[0].values[i] - after[0].values[i]) < 0.01f, "fp16 is close");
  small.save(argv[2]);
  failures +=
      check(pare::Network::load(argv[2]).inspect().find("\"format\": \"tflite\"") != std::string::npos, "written file");
  try {
    network.quantize({.mode = "int8"});
    failures += check(false, "int8 without data is refused");
  } catch (const pare::Exception& error) { failures += check(error.problem() == pare::Problem::Usage, "problem"); }
  return failures;
}
