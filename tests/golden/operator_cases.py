"""The cases of make_operators.py."""

import numpy as np
from make_operators import ACTIVATIONS, PADDINGS, Tensor, emit

random = np.random.default_rng(2018)
LIMITS = {"i8": (-128, 127), "u8": (0, 255), "i16": (-32768, 32767)}
BIAS_TYPES = {"f32": 0, "i32": 2, "i64": 4}


def scale(low, high):
    return np.float32(random.uniform(low, high))


def data(dtype, shape):
    """Random values over the whole range of the type, with random parameters."""
    if dtype == "f32":
        return Tensor("f32", shape, random.uniform(-2, 3, shape))
    low, high = LIMITS[dtype]
    zero = 0 if dtype == "i16" else int(random.integers(low // 2 + high // 4, high // 2))
    return Tensor(dtype, shape, random.integers(low, high + 1, shape), scale(0.01, 0.03) if dtype != "i16" else scale(1e-4, 2e-4), zero)


def weights(dtype, shape, channel_axis, per_channel):
    if dtype == "f32":
        return Tensor("f32", shape, random.uniform(-1, 1, shape))
    if dtype == "u8":
        return Tensor("u8", shape, random.integers(0, 256, shape), scale(0.005, 0.01), int(random.integers(100, 150)))
    limit = 7 if dtype == "i4" else 127
    scales = random.uniform(0.004, 0.02, shape[channel_axis]) if per_channel else scale(0.004, 0.01)
    return Tensor(dtype, shape, random.integers(-limit, limit + 1, shape), scales, 0, channel_axis)


def bias_for(src, w, dtype, channels):
    if dtype == "f32":
        return Tensor("f32", [channels], random.uniform(-1, 1, channels))
    high = 4000 if src.dtype != "i16" else 400000
    return Tensor(dtype, [channels], random.integers(-high, high, channels), src.scales[0] * w.scales, 0, 0)


def result(dtype, low=0.03, high=0.06):
    if dtype == "f32":
        return Tensor("f32", [])
    if dtype == "i16":
        return Tensor("i16", [], scale=scale(low / 100, high / 100))
    return Tensor(dtype, [], scale=scale(low, high), zero=int(random.integers(*LIMITS[dtype])) // 2)


# title suffix, type of src, of weights, per channel, of bias (or none)
ARITHMETIC = [
    ("float", "f32", "f32", False, "f32"),
    ("int8 per channel", "i8", "i8", True, "i32"),
    ("int8 per tensor", "i8", "i8", False, "i32"),
    ("int8 without bias", "i8", "i8", True, None),
    ("uint8", "u8", "u8", False, "i32"),
    ("int16 with a wide bias", "i16", "i8", True, "i64"),
    ("int16 with a narrow bias", "i16", "i8", True, "i32"),
    ("int16 per tensor without bias", "i16", "i8", False, None),
    ("int4 weights", "i8", "i4", True, "i32"),
]
DYNAMIC = [
    ("dynamic range per tensor", "f32", "i8", False, "f32"),
    ("dynamic range per channel", "f32", "i8", True, "f32"),
    ("dynamic range with int4 weights", "f32", "i4", True, "f32"),
]


def convolutions(out):
    geometry = [("same", 2, 1, "relu6"), ("valid", 1, 2, "none"), ("same", 1, 1, "relu"), ("valid", 2, 1, "relu_n1_to_1")]
    for index, (title, src_type, weight_type, per_channel, bias_type) in enumerate(ARITHMETIC + DYNAMIC):
        padding, stride, dilation, activation = geometry[index % 4]
        attributes = {"padding": padding, "stride_h": stride, "stride_w": stride, "dilation_h": dilation, "dilation_w": dilation, "activation": activation}
        options = {"padding": PADDINGS[padding], "strideH": stride, "strideW": stride, "dilationHFactor": dilation,
                   "dilationWFactor": dilation, "fusedActivationFunction": ACTIVATIONS[activation]}
        src = data(src_type, [2, 6, 5, 3])
        w = weights(weight_type, [4, 3, 2, 3], 0, per_channel)
        if not bias_type:
            continue  # LiteRT wants one
        bias = bias_for(src, w, bias_type, 4)
        typed = {"quantizedBiasType": BIAS_TYPES[bias_type]} if src_type == "i16" else {}
        emit(out, f"conv_2d {title}", "conv_2d", attributes, "CONV_2D", "Conv2DOptions", {**options, **typed},
             [("src", src, False), ("weights", w, True), ("bias", bias, True)], result(src_type))
        if weight_type == "i4":
            continue
        w = weights(weight_type, [1, 3, 2, 6], 3, per_channel)
        bias = bias_for(src, w, bias_type, 6)
        if src_type == "i16" and bias.dtype == "i32" or title == "dynamic range per tensor":
            continue  # LiteRT reads the bias as int64, and has no kernel
        emit(out, f"depthwise_conv_2d {title}", "depthwise_conv_2d", attributes, "DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions",
             {**options, "depthMultiplier": 2}, [("src", src, False), ("weights", w, True), ("bias", bias, True)], result(src_type))


def grouped(out):
    src, w = data("i8", [1, 4, 4, 4]), weights("i8", [6, 2, 2, 2], 0, True)
    emit(out, "conv_2d in groups", "conv_2d", {}, "CONV_2D", "Conv2DOptions", {"strideH": 1, "strideW": 1, "dilationHFactor": 1, "dilationWFactor": 1},
         [("src", src, False), ("weights", w, True), ("bias", bias_for(src, w, "i32", 6), True)], result("i8"))


def transposed(out):
    for index, (title, src_type, weight_type, per_channel, bias_type) in enumerate(ARITHMETIC + DYNAMIC):
        if weight_type == "i4" or title == "dynamic range per tensor":
            continue
        padding, stride = [("same", 2), ("valid", 2), ("same", 1)][index % 3]
        size = {("same", 2): 6, ("valid", 2): 7, ("same", 1): 3}[padding, stride]
        src, w = data(src_type, [2, 3, 3, 2]), weights(weight_type, [3, 3, 3, 2], 0, per_channel)
        bias = bias_for(src, w, bias_type, 3) if bias_type else None
        typed = {"quantizedBiasType": BIAS_TYPES[bias_type]} if src_type == "i16" and bias_type else {}
        shape = Tensor("i32", [4], [2, size, size, 3])
        emit(out, f"transpose_conv {title}", "transpose_conv", {"padding": padding, "stride_h": stride, "stride_w": stride}, "TRANSPOSE_CONV",
             "TransposeConvOptions", {"padding": PADDINGS[padding], "strideH": stride, "strideW": stride, **typed},
             [("shape", shape, True), ("weights", w, True), ("src", src, False)] + ([("bias", bias, True)] if bias else []), result(src_type))


def dense(out):
    for index, (title, src_type, weight_type, per_channel, bias_type) in enumerate(ARITHMETIC + DYNAMIC):
        activation = ["none", "relu", "relu6"][index % 3]
        for asymmetric in (False, True) if src_type == "f32" else (False,):
            src, w = data(src_type, [3, 8]), weights(weight_type, [5, 8], 0, per_channel)
            bias = bias_for(src, w, bias_type, 5) if bias_type else None
            typed = {"quantizedBiasType": BIAS_TYPES[bias_type]} if src_type == "i16" and bias_type else {}
            attributes = {"activation": activation, "asymmetric_quantize_inputs": str(asymmetric).lower()}
            emit(out, f"fully_connected {title}{', asymmetric' if asymmetric else ''}", "fully_connected", attributes, "FULLY_CONNECTED", "FullyConnectedOptions",
                 {"fusedActivationFunction": ACTIVATIONS[activation], "asymmetricQuantizeInputs": asymmetric, **typed},
                 [("src", src, False), ("weights", w, True), ("bias", bias, True)], result(src_type, 0.01, 0.02))


def products(out):
    for x_type, y_type, adj_x, adj_y in (("f32", "f32", True, False), ("i8", "i8", False, False), ("i8", "i8", True, True), ("i16", "i16", False, True), ("i16", "i8", False, False)):
        x, y = data(x_type, [2, 6, 3] if adj_x else [2, 3, 6]), data(y_type, [1, 4, 6] if adj_y else [1, 6, 4])
        if x_type != y_type:
            y = weights("i8", [1, 6, 4], 0, False)
        emit(out, f"batch_matmul {x_type} {y_type}{' adj_x' if adj_x else ''}{' adj_y' if adj_y else ''}", "batch_matmul", {"adj_x": str(adj_x).lower(), "adj_y": str(adj_y).lower()}, "BATCH_MATMUL",
             "BatchMatMulOptions", {"adjX": adj_x, "adjY": adj_y}, [("x", x, False), ("y", y, False)], result(x_type))
    for asymmetric in (False, True):
        x, y = data("f32", [2, 3, 6]), weights("i8", [1, 6, 4], 0, False)
        emit(out, f"batch_matmul dynamic range{', asymmetric' if asymmetric else ''}", "batch_matmul", {"asymmetric_quantize_inputs": str(asymmetric).lower()}, "BATCH_MATMUL",
             "BatchMatMulOptions", {"asymmetricQuantizeInputs": asymmetric}, [("x", x, False), ("y", y, True)], result("f32"))


def pools(out):
    for dtype in ("f32", "i8", "u8", "i16"):
        for op, builtin in (("average_pool_2d", "AVERAGE_POOL_2D"), ("max_pool_2d", "MAX_POOL_2D")):
            for padding, activation in (("same", "none"), ("valid", "relu6")):
                src = data(dtype, [1, 5, 6, 3])
                dst = Tensor(dtype, [], scale=src.scales, zero=0 if src.zeros is None else src.zeros)
                attributes = {"padding": padding, "window_h": 3, "window_w": 2, "stride_h": 2, "stride_w": 2, "activation": activation}
                emit(out, f"{op} {dtype} {padding}", op, attributes, builtin, "Pool2DOptions",
                     {"padding": PADDINGS[padding], "filterHeight": 3, "filterWidth": 2, "strideH": 2, "strideW": 2, "fusedActivationFunction": ACTIVATIONS[activation]},
                     [("src", src, False)], dst)


def by_rows(out):
    for src_scale in (0.002, 0.05, 0.9):
        for dtype in ("i8", "u8", "i16"):
            values = random.integers(*LIMITS[dtype], [12, 7], endpoint=True)
            src = Tensor(dtype, [12, 7], values, src_scale / (256 if dtype == "i16" else 1), 0 if dtype == "i16" else 3)
            fixed = {"i8": (1 / 256, -128), "u8": (1 / 256, 0), "i16": (1 / 32768, 0)}[dtype]
            emit(out, f"softmax {dtype} {src_scale}", "softmax", {"beta": 0.75}, "SOFTMAX", "SoftmaxOptions", {"beta": 0.75}, [("src", src, False)],
                 Tensor(dtype, [], scale=fixed[0], zero=fixed[1]))
            if dtype == "i16":
                continue
            emit(out, f"log_softmax {dtype} {src_scale}", "log_softmax", {}, "LOG_SOFTMAX", "LogSoftmaxOptions", {}, [("src", src, False)],
                 Tensor(dtype, [], scale=16 / 256, zero=127 if dtype == "i8" else 255))
            emit(out, f"l2_normalization {dtype} {src_scale}", "l2_normalization", {}, "L2_NORMALIZATION", "L2NormOptions", {}, [("src", src, False)],
                 Tensor(dtype, [], scale=1 / 128, zero=0 if dtype == "i8" else 128))
    src = data("f32", [4, 7])
    for op, builtin, options_name, options, attributes in (
        ("softmax", "SOFTMAX", "SoftmaxOptions", {"beta": 0.75}, {"beta": 0.75}),
        ("log_softmax", "LOG_SOFTMAX", "LogSoftmaxOptions", {}, {}),
        ("l2_normalization", "L2_NORMALIZATION", "L2NormOptions", {}, {}),
    ):
        emit(out, f"{op} float", op, attributes, builtin, options_name, options, [("src", src, False)], Tensor("f32", []))
    for dtype in ("i8", "u8"):  # rows of one value: the inverse root of 0 and of 1
        src = Tensor(dtype, [2, 2], [3, 3, 3, 4], 0.1, 3)
        emit(out, f"l2_normalization {dtype} of zeros", "l2_normalization", {}, "L2_NORMALIZATION", "L2NormOptions", {}, [("src", src, False)],
             Tensor(dtype, [], scale=1 / 128, zero=0 if dtype == "i8" else 128))


def borders(out):
    for dtype in ("i8", "u8", "i16"):
        values = np.concatenate([random.uniform(-3, 3, 20), [0, 0.5, -0.5, 1.5, 1e4, -1e4]])
        src = Tensor("f32", [26], values)
        dst = Tensor(dtype, [], scale=0.02 if dtype != "i16" else 1e-4, zero=0 if dtype == "i16" else 7)
        emit(out, f"quantize f32 {dtype}", "quantize", {"dtype": dtype}, "QUANTIZE", "QuantizeOptions", {}, [("src", src, False)], dst)
        emit(out, f"dequantize {dtype}", "dequantize", {}, "DEQUANTIZE", "DequantizeOptions", {}, [("src", data(dtype, [30]), False)], Tensor("f32", []))
    for one, other in (("i8", "i8"), ("i8", "u8"), ("u8", "i8"), ("u8", "u8"), ("i8", "i16"), ("i16", "i8"), ("i16", "i16")):
        emit(out, f"quantize {one} {other}", "quantize", {"dtype": other}, "QUANTIZE", "QuantizeOptions", {}, [("src", data(one, [60]), False)], result(other, 0.015, 0.02))
    src = Tensor("i8", [3, 5], random.integers(-127, 128, [3, 5]), random.uniform(0.01, 0.1, 5), 0, 1)
    emit(out, "dequantize per channel", "dequantize", {}, "DEQUANTIZE", "DequantizeOptions", {}, [("src", src, True)], Tensor("f32", []))
    src = Tensor("i4", [3, 5], random.integers(-7, 8, [3, 5]), 0.3, 0)
    emit(out, "dequantize int4", "dequantize", {}, "DEQUANTIZE", "DequantizeOptions", {}, [("src", src, True)], Tensor("f32", []))
    src = Tensor("f16", [3, 5], random.uniform(-70000, 70000, [3, 5]) * random.choice([1e-9, 1e-4, 0.9], [3, 5]))
    emit(out, "dequantize float16", "dequantize", {}, "DEQUANTIZE", "DequantizeOptions", {}, [("src", src, True)], Tensor("f32", []))
    for dtype, per_row in (("i8", False), ("i8", True), ("i4", True)):
        emit(out, f"embedding_lookup {dtype}{' per row' if per_row else ''}", "embedding_lookup", {}, "EMBEDDING_LOOKUP", "", {},
             [("indices", Tensor("i32", [4], [2, 0, 4, 2]), False), ("weights", weights(dtype, [5, 6], 0, per_row), True)], Tensor("f32", []))


FAMILIES = [convolutions, grouped, transposed, dense, products, pools, by_rows, borders]
