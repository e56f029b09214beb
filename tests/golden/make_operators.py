"""Writes operators.txt: one graph in text form per operator and arithmetic, with what LiteRT's reference kernels give.

    make_operators.py > operators.txt

Each case is a model of one operator with random tensors; `%expected` is LiteRT's result. Needs
TensorFlow (for the schema of the files) and ai_edge_litert; the written file is kept in the project.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import flatbuffers
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tensorflow.lite.python import schema_py_generated as schema

TYPES = {
    "f32": (schema.TensorType.FLOAT32, np.float32),
    "f16": (schema.TensorType.FLOAT16, np.float16),
    "i8": (schema.TensorType.INT8, np.int8),
    "u8": (schema.TensorType.UINT8, np.uint8),
    "i16": (schema.TensorType.INT16, np.int16),
    "i32": (schema.TensorType.INT32, np.int32),
    "i64": (schema.TensorType.INT64, np.int64),
    "i4": (schema.TensorType.INT4, np.int8),
    "bool": (schema.TensorType.BOOL, np.bool_),
}
# The newest version of each operator that the reference kernels register; older forms are part of it.
VERSIONS = {
    "CONV_2D": 8, "DEPTHWISE_CONV_2D": 6, "TRANSPOSE_CONV": 4, "FULLY_CONNECTED": 12, "BATCH_MATMUL": 4, "AVERAGE_POOL_2D": 3,
    "MAX_POOL_2D": 3, "SOFTMAX": 3, "LOG_SOFTMAX": 2, "L2_NORMALIZATION": 2, "QUANTIZE": 3, "DEQUANTIZE": 6, "EMBEDDING_LOOKUP": 3,
    "ADD": 5, "SUB": 5, "MUL": 7, "DIV": 2, "MAXIMUM": 4, "MINIMUM": 4, "SQUARED_DIFFERENCE": 2, "ABS": 3, "EXP": 2, "LOG": 2, "SQRT": 2, "RSQRT": 3,
    "RELU": 3, "RELU6": 3, "RELU_N1_TO_1": 1, "RELU_0_TO_1": 1, "LEAKY_RELU": 2, "PRELU": 1, "ELU": 1, "HARD_SWISH": 1, "LOGISTIC": 3, "TANH": 3, "GELU": 2,
    "EQUAL": 4, "NOT_EQUAL": 3, "GREATER": 2, "GREATER_EQUAL": 3, "LESS": 3, "LESS_EQUAL": 2, "MEAN": 3, "SUM": 2, "REDUCE_MAX": 3, "REDUCE_MIN": 3,
    "REDUCE_PROD": 2, "ARG_MAX": 2, "ARG_MIN": 2, "CONCATENATION": 3, "PAD": 4, "RESIZE_BILINEAR": 4, "SPACE_TO_BATCH_ND": 4,
}  # fmt: skip
ACTIVATIONS = {"none": 0, "relu": 1, "relu_n1_to_1": 2, "relu6": 3}
PADDINGS = {"same": 0, "valid": 1}


class Tensor:
    """A tensor of a case: type, shape, quantisation, and values unless it is the result."""

    def __init__(self, dtype, shape, values=None, scale=None, zero=0, axis=0):
        self.dtype, self.shape, self.axis = dtype, list(shape), axis
        self.values = None if values is None else np.asarray(values).astype(TYPES[dtype][1]).reshape(shape)
        self.scales = None if scale is None else np.atleast_1d(np.asarray(scale, np.float32))
        self.zeros = None if scale is None else np.broadcast_to(zero, self.scales.shape)

    def type_text(self):
        text = f"{self.dtype}{self.shape}"
        if self.scales is None:
            return text
        if len(self.scales) == 1:
            return f"{text} quant({float(self.scales[0])!r}, {self.zeros[0]})"
        scales = ", ".join(repr(float(scale)) for scale in self.scales)
        return f"{text} quant(axis={self.axis}, [{scales}], [{', '.join(map(str, self.zeros))}])"

    def constant(self, name):
        values = ", ".join(repr(int(v) if self.dtype == "bool" else v) for v in self.values.flatten().tolist())
        return f"  %{name} = constant {self.type_text()} ({values})\n"

    def buffer_bytes(self):
        if self.dtype != "i4":
            return self.values.tobytes()
        codes = self.values.flatten().astype(np.uint8) & 15
        codes = np.append(codes, 0) if len(codes) % 2 else codes
        return (codes[0::2] | (codes[1::2] << 4)).astype(np.uint8).tobytes()


def table_tensor(tensor, name, buffer):
    table = schema.TensorT()
    table.name, table.shape, table.type, table.buffer = name, tensor.shape, TYPES[tensor.dtype][0], buffer
    if tensor.scales is not None:
        table.quantization = schema.QuantizationParametersT()
        table.quantization.scale = tensor.scales.tolist()
        table.quantization.zeroPoint = [int(z) for z in tensor.zeros]
        table.quantization.quantizedDimension = tensor.axis
    return table


def tflite_model(builtin, options_name, options, operands, result):
    """The bytes of a .tflite file with one operator."""
    model = schema.ModelT()
    model.version = 3
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, builtin)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = VERSIONS[builtin]
    model.operatorCodes = [code]
    graph = schema.SubGraphT()
    graph.tensors, model.buffers = [], [schema.BufferT()]
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs = 0, []
    graph.inputs = []
    for name, tensor, constant in operands:
        if tensor is None:
            operator.inputs.append(-1)
            continue
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(tensor.buffer_bytes(), np.uint8) if constant else None
        model.buffers.append(buffer)
        index = len(graph.tensors)
        graph.tensors.append(table_tensor(tensor, name, len(model.buffers) - 1))
        operator.inputs.append(index)
        if not constant:
            graph.inputs.append(index)
    graph.tensors.append(table_tensor(result, "dst", 0))
    operator.outputs = graph.outputs = [len(graph.tensors) - 1]
    if options_name:
        table = getattr(schema, options_name + "T")()
        for field, value in options.items():
            setattr(table, field, value)
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options_name)
        operator.builtinOptions = table
    graph.operators = [operator]
    model.subgraphs = [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def run_litert(data, operands):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.tflite"
        path.write_bytes(data)
        interpreter = Interpreter(str(path), experimental_op_resolver_type=OpResolverType.BUILTIN_REF, num_threads=1)
        interpreter.allocate_tensors()
        fed = [tensor for _, tensor, constant in operands if tensor is not None and not constant]
        for detail, tensor in zip(interpreter.get_input_details(), fed):
            interpreter.set_tensor(detail["index"], tensor.values)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def emit(out, title, op, attributes, builtin, options_name, options, operands, result):
    """operands: (name, tensor or None, constant?)."""
    got = run_litert(tflite_model(builtin, options_name, options, operands, result), operands)
    result.shape, result.values = list(got.shape), got
    names = ", ".join("none" if tensor is None else f"%{name}" for name, tensor, _ in operands)
    given = ", ".join(f"{key} = {value}" for key, value in attributes.items())
    out.write(f'graph "{title}" () {{\n')
    for name, tensor, _ in operands:
        if tensor is not None:
            out.write(tensor.constant(name))
    out.write(f"  %dst = {op}({names}){' {' + given + '}' if given else ''} : {result.type_text()}\n")
    out.write(result.constant("expected"))
    out.write("  return %dst, %expected\n}\n\n")


def main():
    import elementwise_cases
    import operator_cases

    sys.stdout.write("// Written by make_operators.py: operators with random tensors, and what LiteRT's reference kernels give.\n\n")
    for family in operator_cases.FAMILIES + elementwise_cases.FAMILIES:
        family(sys.stdout)


if __name__ == "__main__":
    main()
