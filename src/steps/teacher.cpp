#include "steps/teacher.h"

#include "passes/inline_composites.h"

namespace pare {
namespace {

// Of all constants, in order: FNV-1a.
std::string fingerprint_of(const Graph& network) {
  uint64_t sum = 0xcbf29ce484222325u;
  for (const auto& value : network.values())
    if (value->is_constant())
      for (const std::byte byte : value->data->bytes()) sum = (sum ^ static_cast<uint64_t>(byte)) * 0x100000001b3u;
  return fmt::format("{:016x}", sum);
}

// The batch may differ, and the type: samples are floats and become what a quantised input stores.
Expected<void> check_input(const Value& teacher, const Value& student) {
  const TensorType &taken = teacher.type, &wanted = student.type;
  Shape shape = taken.shape;
  if (shape.rank() > 0 && wanted.shape.rank() > 0) shape[0] = wanted.shape[0];
  if (wanted.shape.compatible_with(shape) && (taken.dtype == wanted.dtype || taken.is_quantized())) return {};
  return bad_input("the teacher takes {}{}, the student {}{}; both must take the same samples", to_string(taken.dtype),
                   taken.shape.to_string(), to_string(wanted.dtype), wanted.shape.to_string());
}

Expected<void> check_inputs(const Graph& teacher, const Graph& student) {
  const size_t count = student.inputs.size();
  if (teacher.inputs.size() != count)
    return bad_input("the teacher has {} inputs, the student {}; both must take the same samples",
                     teacher.inputs.size(), count);
  for (size_t i = 0; i < count; ++i) {
    const Value &theirs = *teacher.inputs[i], &ours = *student.inputs[i];
    if (count > 1 && theirs.name != ours.name)
      return bad_input(
          "input {} is '{}' of the teacher, '{}' of the student; several must have the same names in the same order",
          i + 1, theirs.name, ours.name);
    PARE_TRY(check_input(theirs, ours));
  }
  return {};
}

}  // namespace

Expected<Teacher> prepare_teacher(const Model& model, const Graph& student, Loss loss,
                                  const DistillationOptions& options, int threads) {
  PARE_TRY(check_distillation(options, loss));
  Model plain = model.clone();
  PARE_TRY(inline_composites(plain));
  PARE_TRY(check_inputs(plain.main(), student));
  std::vector<std::string> values;
  for (const FeaturePair& pair : options.features) values.push_back(pair.teacher);
  PARE_ASSIGN_IN(Scorer scorer, Scorer::create(plain.main(), loss, values, threads), "the teacher");
  const std::string fingerprint = fingerprint_of(plain.main());
  return Teacher{std::move(plain.main()), std::make_shared<Scorer>(std::move(scorer)), fingerprint};
}

}  // namespace pare
