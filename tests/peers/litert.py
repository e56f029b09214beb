"""Runs a .tflite file in LiteRT and hands back outputs and, on request, every tensor.

LiteRT has three kernel sets whose integer results differ from each other in the last place, so
every caller names the one it judges by:
  reference  BUILTIN_REF: the plain reference kernels, no delegate
  builtin    BUILTIN_WITHOUT_DEFAULT_DELEGATES: the optimised kernels, no delegate
  default    what a user gets: the optimised kernels with XNNPACK applied
"""

import os
from dataclasses import dataclass, field

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

KERNELS = {
    "reference": OpResolverType.BUILTIN_REF,
    "builtin": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    "default": OpResolverType.AUTO,
}

_OPERATOR_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}


@dataclass
class Port:
    """An input or output of a signature: what a caller passes or receives."""

    name: str
    index: int
    shape: tuple  # as stored in the file; -1 where the file says that the size is free
    dtype: np.dtype
    scale: float  # 0 where the tensor is not quantised
    zero_point: int

    def quantize(self, values):
        """float values -> the integers this port stores; other values pass through unchanged."""
        if self.scale == 0 or values.dtype == self.dtype:
            return values.astype(self.dtype, copy=False)
        info = np.iinfo(self.dtype)
        steps = np.round(values / np.float32(self.scale)) + self.zero_point
        return np.clip(steps, info.min, info.max).astype(self.dtype)

    def dequantize(self, values):
        if self.scale == 0:
            return values
        return (values.astype(np.float32) - self.zero_point) * np.float32(self.scale)


@dataclass
class Signature:
    name: str  # "" for a file without signatures: the first subgraph under its tensor names
    subgraph: int
    inputs: list = field(default_factory=list)
    outputs: list = field(default_factory=list)


class Model:
    """One .tflite file and its interpreter. Not for use from several threads."""

    def __init__(self, path, kernels="reference", keep_all=False, threads=1):
        with open(path, "rb") as file:
            self._bytes = file.read()
        self.path = str(path)
        self.flat = schema.ModelT.InitFromPackedBuf(self._bytes, 0)
        self._interpreter = Interpreter(
            model_content=self._bytes,
            num_threads=threads,
            experimental_op_resolver_type=KERNELS[kernels],
            experimental_preserve_all_tensors=keep_all,
        )
        self.signatures = self._read_signatures()

    def signature(self, name=None):
        if name is None:
            return self.signatures[0]
        for signature in self.signatures:
            if signature.name == name:
                return signature
        known = ", ".join(repr(s.name) for s in self.signatures)
        raise KeyError(f"{self.path} has no signature {name!r}; it has {known}")

    def run(self, signature, arrays):
        """arrays: port name -> array of the port's type. Returns port name -> array.

        The graph is resized where a given shape differs from the one in force (free batch).
        State kept between calls (variable tensors) is cleared first, so that calls are independent.
        """
        missing = [port.name for port in signature.inputs if port.name not in arrays]
        if missing:
            raise KeyError(f"no array for input(s) {', '.join(missing)}; given: {', '.join(arrays)}")
        if signature.name:
            runner = self._interpreter.get_signature_runner(signature.name)
            results = runner(**{port.name: arrays[port.name] for port in signature.inputs})
            return {port.name: results[port.name] for port in signature.outputs}
        self._resize_and_fill(signature, arrays)
        self._interpreter.invoke()
        return {port.name: self._interpreter.get_tensor(port.index) for port in signature.outputs}

    def prepare(self, signature, arrays):
        """Sets the inputs once; invoke() then repeats the computation without copies, for timing."""
        self._resize_and_fill(signature, arrays)
        return self._interpreter.invoke

    def tensors(self, signature):
        """After run() with keep_all: tensor index -> array, of everything operators produced."""
        found = {}
        for index in self.produced(signature.subgraph):
            try:
                found[index] = self._interpreter.get_tensor(index, subgraph_index=signature.subgraph)
            except ValueError:  # an operator that was not run, or an output without data
                continue
        return found

    def produced(self, subgraph):
        """Tensor index -> name of the operator that writes it, in execution order."""
        producers = {}
        for operator in self.flat.subgraphs[subgraph].operators or []:
            for index in operator.outputs if operator.outputs is not None else []:
                producers[int(index)] = self._operator_name(operator)
        return producers

    def tensor_name(self, subgraph, index):
        return self.flat.subgraphs[subgraph].tensors[index].name.decode()

    def has_integer_arithmetic(self):
        """True where an operator other than QUANTIZE and DEQUANTIZE has a quantised activation."""
        return any(
            self._is_quantised_activation(graph, index)
            for graph in self.flat.subgraphs
            for operator in graph.operators or []
            if self._operator_name(operator) not in ("QUANTIZE", "DEQUANTIZE")
            for index in (operator.inputs if operator.inputs is not None else [])
        )

    def operator_kinds(self):
        return {self._operator_name(op) for graph in self.flat.subgraphs for op in graph.operators or []}

    def has_hybrid_arithmetic(self):
        """True for dynamic range: a float activation and integer weights meet in one operator."""
        weights = {schema.TensorType.INT8, schema.TensorType.INT4}
        for graph in self.flat.subgraphs:
            for operator in graph.operators or []:
                if self._operator_name(operator) in ("DEQUANTIZE", "GATHER", "EMBEDDING_LOOKUP"):
                    continue
                kinds = [graph.tensors[i].type for i in operator.inputs if i >= 0] if operator.inputs is not None else []
                if schema.TensorType.FLOAT32 in kinds and weights.intersection(kinds):
                    return True
        return False

    def _is_quantised_activation(self, graph, index):
        if index < 0:
            return False
        tensor = graph.tensors[index]
        constant = self.flat.buffers[tensor.buffer].data is not None
        quantised = tensor.quantization is not None and tensor.quantization.scale is not None
        return quantised and len(tensor.quantization.scale) > 0 and not constant

    def _operator_name(self, operator):
        code = self.flat.operatorCodes[operator.opcodeIndex]
        return _OPERATOR_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)]

    def _read_signatures(self):
        read = []
        for definition in self.flat.signatureDefs or []:
            signature = Signature(definition.signatureKey.decode(), definition.subgraphIndex)
            signature.inputs = [self._port(signature.subgraph, m.tensorIndex, m.name) for m in definition.inputs or []]
            signature.outputs = [self._port(signature.subgraph, m.tensorIndex, m.name) for m in definition.outputs or []]
            read.append(signature)
        if not read:
            graph = self.flat.subgraphs[0]
            whole = Signature("", 0)
            whole.inputs = [self._port(0, index) for index in graph.inputs]
            whole.outputs = [self._port(0, index) for index in graph.outputs]
            read.append(whole)
        return read

    def _port(self, subgraph, index, name=None):
        tensor = self.flat.subgraphs[subgraph].tensors[index]
        details = self._interpreter._get_tensor_details(index, subgraph)
        scale, zero_point = details["quantization"]
        shape = tensor.shapeSignature if tensor.shapeSignature is not None and len(tensor.shapeSignature) else tensor.shape
        shape = tuple(int(size) for size in shape) if shape is not None else ()
        text = (name if name is not None else tensor.name).decode()
        return Port(text, int(index), shape, np.dtype(details["dtype"]), float(scale), int(zero_point))

    def _resize_and_fill(self, signature, arrays):
        if signature.subgraph != 0:
            raise ValueError("only the first subgraph can be prepared; use run()")
        for port in signature.inputs:
            self._interpreter.resize_tensor_input(port.index, arrays[port.name].shape)
        self._interpreter.allocate_tensors()
        self._interpreter.reset_all_variables()
        for port in signature.inputs:
            self._interpreter.set_tensor(port.index, arrays[port.name])
