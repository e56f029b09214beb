// What the TFLite reader refuses, and with which words.
#include <gmock/gmock.h>

#include "formats/tflite/test_files.h"

namespace pare {
namespace {

using namespace tflite::testing;  // NOLINT: the files of these tests
namespace schema = tflite::schema;
using ::testing::HasSubstr;

std::string error_of(std::span<const std::byte> bytes, ErrorCode code = ErrorCode::BadInput) {
  const auto model = read_tflite(bytes, "net.tflite");
  EXPECT_FALSE(model);
  if (model) return {};
  EXPECT_EQ(model.error().code, code) << model.error().to_string();
  return model.error().to_string();
}
std::string error_of(const TestFile& file, ErrorCode code = ErrorCode::BadInput) {
  return error_of(file.bytes(), code);
}

TEST(TfliteRefusals, RejectsOtherFiles) {
  EXPECT_THAT(error_of(std::vector<std::byte>(100)),
              HasSubstr("net.tflite: not a .tflite file: 'TFL3' was expected at byte 4"));
  EXPECT_THAT(error_of(std::vector<std::byte>{}), HasSubstr("not a .tflite file"));
}

TEST(TfliteRefusals, RejectsEveryTruncation) {
  const std::vector<std::byte> bytes = relu_file().bytes();
  for (size_t size = 8; size < bytes.size(); size += 4)
    EXPECT_FALSE(read_tflite(std::span(bytes).first(size), "net.tflite")) << size;
  EXPECT_THAT(error_of(std::span(bytes).first(bytes.size() / 2)), HasSubstr("damaged or cut off"));
}

TEST(TfliteRefusals, SurvivesEveryDamagedByte) {
  const std::vector<std::byte> bytes = relu_file().bytes();
  for (size_t at = 0; at < bytes.size(); ++at)
    for (const int value : {0x00, 0x7F, 0xFF}) {
      std::vector<std::byte> damaged = bytes;
      damaged[at] = static_cast<std::byte>(value);
      const auto model = read_tflite(damaged, "net.tflite");
      EXPECT_TRUE(model || model.error().code != ErrorCode::Internal);
    }
}

TEST(TfliteRefusals, RejectsOtherSchemaVersions) {
  TestFile file = relu_file();
  file.version = 4;
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("schema version 4; version 3 is read"));
}

TEST(TfliteRefusals, RejectsAFileWithoutGraph) {
  Builder builder;
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3));
  EXPECT_THAT(error_of(finished(builder)), HasSubstr("the file has no graph"));
}

TEST(TfliteRefusals, RejectsTablesThatShareTooMuch) {
  Builder builder;
  const auto name = builder.CreateString(std::string(1 << 20, 'n'));
  std::vector<flatbuffers::Offset<schema::Tensor>> tensors;
  for (int i = 0; i < 1000; ++i)
    tensors.push_back(schema::CreateTensor(builder, 0, schema::TensorType::FLOAT32, 0, name));
  const auto list = builder.CreateVector(tensors);
  const auto graphs = builder.CreateVector(std::vector{schema::CreateSubGraph(builder, list)});
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3, 0, graphs));
  EXPECT_THAT(error_of(finished(builder)), HasSubstr("tables share their contents as no converter does"));
}

TEST(TfliteRefusals, RejectsIndicesOutOfRange) {
  TestFile file = relu_file();
  file.inputs = {7};
  EXPECT_THAT(error_of(file), HasSubstr("inputs: tensor 7 of a graph with 2 tensors"));
  file = relu_file();
  file.operators[0].outputs = {-1};
  EXPECT_THAT(error_of(file), HasSubstr("operator 0: tensor -1 of a graph with 2 tensors"));
}

TEST(TfliteRefusals, RejectsCyclesAndDanglingTensors) {
  TestFile file = relu_file();
  file.operators[0].inputs = {1};
  EXPECT_THAT(error_of(file), HasSubstr("operand 'y' is not computed before it is used"));
  file = relu_file();
  file.inputs = {};
  EXPECT_THAT(error_of(file), HasSubstr("operand 'x' is not computed before it is used"));
}

TEST(TfliteRefusals, RejectsTwoProducersOfOneTensor) {
  TestFile file = relu_file();
  file.operators.push_back(file.operators[0]);
  EXPECT_THAT(error_of(file), HasSubstr("operator 1 RELU: its result 'y' has another producer"));
}

TEST(TfliteRefusals, RejectsAnInputTwice) {
  TestFile file = relu_file();
  file.inputs = {0, 0};
  EXPECT_THAT(error_of(file), HasSubstr("'x' is an input twice"));
}

TEST(TfliteRefusals, RejectsInputsWithData) {
  TestFile file = relu_file();
  file.tensors[0].data = std::vector<uint8_t>(24);
  EXPECT_THAT(error_of(file), HasSubstr("the input 'x' has data of its own"));
}

TEST(TfliteRefusals, RejectsDataOfOtherSize) {
  EXPECT_THAT(error_of(constant_file({"c", {2, 2}, schema::TensorType::FLOAT32, raw<float>({1, 2, 3})})),
              HasSubstr("tensor 0 'c': its buffer holds 12 bytes; f32[2, 2] takes 16"));
}

TEST(TfliteRefusals, RejectsBooleansThatAreNone) {
  EXPECT_THAT(error_of(constant_file({"c", {2}, schema::TensorType::BOOL, {1, 2}})),
              HasSubstr("a boolean is neither 0 nor 1"));
}

TEST(TfliteRefusals, RejectsHugeAndNegativeShapes) {
  TestFile file = relu_file();
  file.tensors[0].shape = {1 << 30, 1 << 30};
  EXPECT_THAT(error_of(file), HasSubstr("the shape [1073741824, 1073741824] is beyond any memory"));
  file.tensors[0].shape = {-2};
  EXPECT_THAT(error_of(file), HasSubstr("an extent of -2"));
  file.tensors[0].shape = std::vector<int32_t>(9, 1);
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("a tensor of 9 dimensions"));
  file = relu_file();
  file.tensors[0].signature = {-1};
  EXPECT_THAT(error_of(file), HasSubstr("its shape has 2 dimensions, its shape signature 1"));
}

TEST(TfliteRefusals, RejectsResultsBeyondAnyMemory) {
  for (const int64_t times : {int64_t{1} << 47, int64_t{1} << 62}) {
    const TestTensor multiples{"times", {2}, schema::TensorType::INT64, raw<int64_t>({times, 1})};
    const TestFile file{.tensors = {{"x", {2, 2}}, multiples, {"y", {}}},
                        .operators = {{schema::BuiltinOperator::TILE, {0, 1}, {2}}},
                        .inputs = {0},
                        .outputs = {2}};
    EXPECT_THAT(error_of(file), HasSubstr("is beyond any memory"));
  }
}

TEST(TfliteRefusals, RejectsResultsThatContradictTheOperator) {
  TestFile file = relu_file();
  file.tensors[1].shape = {2, 4};
  EXPECT_THAT(error_of(file), HasSubstr("result 'y' is f32[2, 4], f32[2, 3] was expected"));
}

TEST(TfliteRefusals, RejectsVariablesWithData) {
  TestTensor tensor{"c", {1}, schema::TensorType::FLOAT32, raw<float>({1})};
  tensor.is_variable = true;
  EXPECT_THAT(error_of(constant_file(tensor)), HasSubstr("it has data of its own and is also a variable"));
}

TEST(TfliteRefusals, RejectsWhatPareHasNotByName) {
  TestFile file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::CUSTOM;
  file.operators[0].custom = "MyOp";
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("the custom operator 'MyOp'"));
  file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::LSH_PROJECTION;
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported),
              HasSubstr("the operator LSH_PROJECTION is not one that Pare reads"));
  file.operators[0].code = static_cast<schema::BuiltinOperator>(5000);
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("operator number 5000 is newer than Pare"));
  file = relu_file();
  file.tensors[0].type = schema::TensorType::COMPLEX64;
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("element type COMPLEX64"));
}

TEST(TfliteRefusals, RejectsCompositesWithoutAFittingGraph) {
  EXPECT_THAT(error_of(composite_file({{7}, {}})), HasSubstr("graph 7 of a file with 2"));
  EXPECT_THAT(error_of(composite_file({{0}, {}})), HasSubstr("a composite operator is part of its own graph"));
  EXPECT_THAT(error_of(composite_file({{1}, {}}, {.shape = {4, 4}})),
              HasSubstr("number 0 of its operands is f32[4, 4], in its graph f32[2, 3]"));
  EXPECT_THAT(error_of(composite_file({{1}, {}}, {.operands = 2})), HasSubstr("2 operands, its graph has 1"));
}

TEST(TfliteRefusals, RejectsOptionsOfAnotherOperator) {
  TestFile file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::SOFTMAX;
  file.operators[0].type = schema::BuiltinOptions::Conv2DOptions;
  file.operators[0].options = [](Builder& builder) { return schema::CreateConv2DOptions(builder).Union(); };
  EXPECT_THAT(error_of(file), HasSubstr("SoftmaxOptions was expected beside it, Conv2DOptions was found"));
}

TEST(TfliteRefusals, RejectsScalesThatAreNone) {
  TestFile file = relu_file();
  file.tensors[0].type = schema::TensorType::INT8;
  file.tensors[0].quantization = [](Builder& builder) {
    return schema::CreateQuantizationParameters(builder, 0, 0, builder.CreateVector(std::vector<float>{-1}));
  };
  EXPECT_THAT(error_of(file), HasSubstr("tensor 'x': scale -1; a positive finite number was expected"));
}

TEST(TfliteRefusals, RejectsCustomQuantisation) {
  TestFile file = relu_file();
  file.tensors[0].type = schema::TensorType::INT8;
  file.tensors[0].quantization = [](Builder& builder) {
    const auto details = schema::CreateCustomQuantization(builder);
    return schema::CreateQuantizationParameters(builder, 0, 0, 0, 0, schema::QuantizationDetails::CustomQuantization,
                                                details.Union());
  };
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("CustomQuantization of a tensor"));
}

TEST(TfliteRefusals, RejectsDataBehindTheFile) {
  EXPECT_THAT(error_of(file_with_data_behind(1)), HasSubstr("buffer 1 is said to lie at"));
}

TEST(TfliteRefusals, RejectsDataInOtherFiles) {
  TestFile file = relu_file();
  file.tensors[0].external_buffer = 1;
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("tensor 0 'x': its data lie in another file"));
}

TEST(TfliteRefusals, RejectsConstantsThatAreComputedOrHaveNoSize) {
  TestFile file = relu_file();
  file.tensors[1].data = std::vector<uint8_t>(24);
  EXPECT_THAT(error_of(file), HasSubstr("it has data of its own and is also computed by an operator"));
  TestTensor free{"c", {2}, schema::TensorType::FLOAT32, raw<float>({1, 2})};
  free.signature = {-1};
  EXPECT_THAT(error_of(constant_file(free)), HasSubstr("the shape [?] of a constant is not a size in memory"));
}

TEST(TfliteRefusals, RejectsSignaturesOfOtherGraphs) {
  TestFile file = relu_file();
  file.signatures = {{"serve", 0, {{"image", 9}}}};
  EXPECT_THAT(error_of(file), HasSubstr("signature 'serve': 'image' is tensor 9 of a graph with 2 tensors"));
  file.signatures = {{"serve", 4}};
  EXPECT_THAT(error_of(file), HasSubstr("signature 'serve': graph 4 of a file with 1"));
}

// A tensor in buffer number `buffer` and an operator of code number `code`, in a file with one buffer and no codes.
std::vector<std::byte> dangling_file(uint32_t buffer, uint32_t code) {
  Builder builder;
  const auto name = builder.CreateString("x");
  const auto tensors =
      builder.CreateVector(std::vector{schema::CreateTensor(builder, 0, schema::TensorType::FLOAT32, buffer, name)});
  const auto operators = builder.CreateVector(std::vector{schema::CreateOperator(builder, code)});
  const auto graphs = builder.CreateVector(std::vector{schema::CreateSubGraph(builder, tensors, 0, 0, operators)});
  const auto buffers = builder.CreateVector(std::vector{schema::CreateBuffer(builder)});
  schema::FinishModelBuffer(builder, schema::CreateModel(builder, 3, 0, graphs, 0, buffers));
  return finished(builder);
}

TEST(TfliteRefusals, RejectsNumbersThatNameNothing) {
  EXPECT_THAT(error_of(dangling_file(9, 0)), HasSubstr("buffer 9 of a file with 1 buffers"));
  EXPECT_THAT(error_of(dangling_file(0, 3)), HasSubstr("operator 0: operator code 3 of a file with 0"));
  TestFile file = relu_file();
  file.tensors[0].type = static_cast<schema::TensorType>(99);
  EXPECT_THAT(error_of(file, ErrorCode::Unsupported), HasSubstr("element type number 99"));
}

// One operator over two tensors of [2, 3], with options that say what cannot be.
struct OptionsCase {
  schema::BuiltinOperator code;
  schema::BuiltinOptions type;
  std::function<flatbuffers::Offset<void>(Builder&)> options;
  std::string_view message;
  ErrorCode error = ErrorCode::BadInput;
};

std::vector<OptionsCase> options_cases() {
  using Code = schema::BuiltinOperator;
  using Type = schema::BuiltinOptions;
  const auto add = [](int activation) {
    return [=](Builder& builder) {
      return schema::CreateAddOptions(builder, static_cast<schema::ActivationFunctionType>(activation)).Union();
    };
  };
  const auto none = [](Builder&) { return flatbuffers::Offset<void>(); };
  return {
      {Code::ADD, Type::AddOptions, add(static_cast<int>(schema::ActivationFunctionType::SIGN_BIT)),
       "operator 0 ADD: the fused activation SIGN_BIT is not supported", ErrorCode::Unsupported},
      {Code::ADD, Type::AddOptions, add(99), "fused activation number 99; 0 to 4 were expected"},
      {Code::MAX_POOL_2D, Type::Pool2DOptions,
       [](Builder& builder) { return schema::CreatePool2DOptions(builder, static_cast<schema::Padding>(9)).Union(); },
       "padding number 9; 0 (SAME) or 1 (VALID) was expected"},
      {Code::MIRROR_PAD, Type::MirrorPadOptions,
       [](Builder& builder) {
         return schema::CreateMirrorPadOptions(builder, static_cast<schema::MirrorPadMode>(5)).Union();
       },
       "mirror padding mode number 5; 0 (REFLECT) or 1 (SYMMETRIC) was expected"},
      {Code::FULLY_CONNECTED, Type::FullyConnectedOptions,
       [](Builder& builder) {
         return schema::CreateFullyConnectedOptions(builder, schema::ActivationFunctionType::NONE,
                                                    schema::FullyConnectedOptionsWeightsFormat::SHUFFLED4x16INT8)
             .Union();
       },
       "shuffled weights; convert the network again without them", ErrorCode::Unsupported},
      {Code::FULLY_CONNECTED, Type::FullyConnectedOptions,
       [](Builder& builder) {
         const auto specification = builder.CreateVector(std::vector<uint8_t>{1});
         return schema::CreateFullyConnectedOptions(builder, schema::ActivationFunctionType::NONE,
                                                    schema::FullyConnectedOptionsWeightsFormat::DEFAULT, false, false,
                                                    schema::TensorType::FLOAT32, specification)
             .Union();
       },
       "a quantisation specification beside it", ErrorCode::Unsupported},
      {Code::FULLY_CONNECTED, Type::FullyConnectedOptions,
       [](Builder& builder) {
         return schema::CreateFullyConnectedOptions(builder, schema::ActivationFunctionType::NONE,
                                                    schema::FullyConnectedOptionsWeightsFormat::DEFAULT, false, false,
                                                    schema::TensorType::INT32)
             .Union();
       },
       "its bias is said to be i32 and is f32"},
      {Code::STABLEHLO_COMPOSITE, Type::NONE, none, "StableHLOCompositeOptions were expected beside it"},
  };
}

TEST(TfliteRefusals, RejectsOptionsThatSayWhatCannotBe) {
  for (const OptionsCase& each : options_cases()) {
    TestFile file = relu_file();
    file.operators[0] = {each.code, {0, 0, 0}, {1}, each.type, each.options};
    EXPECT_THAT(error_of(file, each.error), HasSubstr(std::string(each.message)));
  }
}

TEST(TfliteRefusals, RejectsOperatorsWithoutResultsWhereTheirTypeIsAsked) {
  for (const auto code : {schema::BuiltinOperator::QUANTIZE, schema::BuiltinOperator::CAST}) {
    TestFile file = relu_file();
    file.operators[0] = {code, {0}, {}};
    EXPECT_THAT(error_of(file), HasSubstr("0 results, 1 was expected"));
  }
}

TEST(TfliteRefusals, RejectsUnpackingOfWhatIsNotPacked) {
  TestFile file = relu_file();
  file.operators[0].code = schema::BuiltinOperator::DENSIFY;
  EXPECT_THAT(error_of(file), HasSubstr("operator 0 DENSIFY: it does not unpack one constant"));
  file = constant_file({"c", {2}, schema::TensorType::FLOAT32, raw<float>({1, 2})});
  file.tensors[1].shape = {3};
  file.operators[0].code = schema::BuiltinOperator::DENSIFY;
  EXPECT_THAT(error_of(file), HasSubstr("it makes f32[3] of f32[2]"));
}

// Each graph stands twice in the one in front of it.
TEST(TfliteRefusals, RejectsCompositesThatExplode) {
  std::vector<std::vector<int32_t>> bodies;
  for (int32_t i = 1; i < 30; ++i) bodies.push_back({i, i});
  bodies.push_back({});
  EXPECT_THAT(error_of(composite_file(bodies)),
              HasSubstr("more than 1000000 operators when its composites are replaced"));
}

TEST(TfliteRefusals, RejectsBlocksThatAreNone) {
  const auto error = [](std::vector<int32_t> block_shape, int32_t block, schema::TensorType scales_type,
                        int32_t zero_points, ErrorCode code = ErrorCode::BadInput) {
    TestTensor weights{"w", {2, 4}, schema::TensorType::INT8, std::vector<uint8_t>(8)};
    weights.quantization = [=](Builder& builder) {
      const auto shape = block_shape.empty() ? 0 : builder.CreateVector(block_shape);
      const auto details = schema::CreateBlockwiseQuantization(builder, 1, zero_points, block, shape);
      return schema::CreateQuantizationParameters(builder, 0, 0, 0, 0,
                                                  schema::QuantizationDetails::BlockwiseQuantization, details.Union());
    };
    const TestFile file{.tensors = {weights, {"scales", {2, 2}, scales_type, std::vector<uint8_t>(16)}},
                        .outputs = {0}};
    return error_of(file, code);
  };
  constexpr auto kFloat = schema::TensorType::FLOAT32, kInt = schema::TensorType::INT32;
  EXPECT_THAT(error({1, 2}, 2, kFloat, -1, ErrorCode::Unsupported),
              HasSubstr("quantisation in blocks of several dimensions"));
  EXPECT_THAT(error({}, 0, kFloat, -1), HasSubstr("quantisation in blocks of 0 elements"));
  EXPECT_THAT(error({}, 2, kInt, -1), HasSubstr("block-wise scales are i32, floats were expected"));
  EXPECT_THAT(error({}, 2, kFloat, 1), HasSubstr("block-wise zero points are f32, integers were expected"));
}

// Sparse storage of a tensor: order and blocks, and the size of each dense level.
struct SparseCase {
  std::vector<int32_t> order, blocks, levels;
  std::string_view message;
  std::vector<int32_t> shape = {2, 4};
  schema::TensorType type = schema::TensorType::FLOAT32;
  ErrorCode error = ErrorCode::BadInput;
};

TEST(TfliteRefusals, RejectsSparseStorageOfOtherTensors) {
  const SparseCase cases[] = {
      {{0}, {}, {2}, "sparse storage of 1 levels for 2 dimensions and 0 blocks"},
      {{0, 0}, {}, {2, 4}, "the traversal order of sparse storage is not a permutation"},
      {{0, 1, 2}, {5}, {2, 4, 2}, "a sparse block of dimension 5"},
      {{0, 1, 2}, {1}, {2, 2, 0}, "a sparse block of 0 elements"},
      {{0, 1}, {}, {2, 3}, "sparse storage of 3 times 1 elements for an extent of 4"},
      {{0, 1}, {}, {1024, 300}, "4 stored bytes for a sparse constant of shape", {1024, 300}},
      {{0, 1}, {}, {2, 4}, "sparse storage of i4", {2, 4}, schema::TensorType::INT4, ErrorCode::Unsupported},
  };
  for (const SparseCase& each : cases) {
    TestTensor sparse{"c", each.shape, each.type, raw<float>({5})};
    sparse.sparsity = [&](Builder& builder) {
      std::vector<flatbuffers::Offset<schema::DimensionMetadata>> levels;
      for (const int32_t size : each.levels)
        levels.push_back(schema::CreateDimensionMetadata(builder, schema::DimensionType::DENSE, size));
      const auto order = builder.CreateVector(each.order), blocks = builder.CreateVector(each.blocks);
      return schema::CreateSparsityParameters(builder, order, blocks, builder.CreateVector(levels));
    };
    EXPECT_THAT(error_of(constant_file(sparse), each.error), HasSubstr(std::string(each.message)));
  }
}

TEST(TfliteRefusals, RejectsSparseRowsThatContradictThemselves) {
  TestTensor sparse{"c", {2, 3}, schema::TensorType::FLOAT32, raw<float>({5})};
  std::vector<uint8_t> segments, indices;
  sparse.sparsity = [&](Builder& builder) {
    const auto order = builder.CreateVector(std::vector<int32_t>{0, 1});
    const auto starts = schema::CreateUint8Vector(builder, builder.CreateVector(segments));
    const auto places = schema::CreateUint8Vector(builder, builder.CreateVector(indices));
    const auto rows = schema::CreateDimensionMetadata(builder, schema::DimensionType::DENSE, 2);
    const auto columns = schema::CreateDimensionMetadata(builder, schema::DimensionType::SPARSE_CSR, 0,
                                                         schema::SparseIndexVector::Uint8Vector, starts.Union(),
                                                         schema::SparseIndexVector::Uint8Vector, places.Union());
    return schema::CreateSparsityParameters(builder, order, 0, builder.CreateVector(std::vector{rows, columns}));
  };
  segments = {0, 1};
  indices = {1};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse row 1 has no segment"));
  segments = {0, 1, 9};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse row 1 holds entries 1 to 9 of 1"));
  segments = {0, 1, 1};
  indices = {3};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse index 3 in an extent of 3"));
  segments = {0, 2, 2};
  indices = {1, 1};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("the sparse indices of row 0 do not rise"));
  indices = {0, 1};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse storage ends after 4 bytes"));
  segments = {0, 0, 0};
  EXPECT_THAT(error_of(constant_file(sparse)), HasSubstr("sparse storage leaves 4 of 4 bytes unread"));
}

}  // namespace
}  // namespace pare
