"""Small Keras models, one for each layer, option and model shape that Pare reads.

`zoo(k)` works for both generations: k is tf_keras (Keras 2) or keras (Keras 3). Weights and
statistics are random, so that a transposed kernel or a swapped pair of arrays shows.
"""

import numpy as np


def activations(k):
    names = "elu exponential gelu hard_sigmoid linear relu selu sigmoid softmax softplus softsign swish tanh".split()
    if k.__name__ == "keras":
        names += ["relu6", "silu", "hard_silu", "leaky_relu", "log_softmax", "mish"]
    for name in names:
        yield f"activation_{name}", (7,), [k.layers.Dense(5, activation=name)]
        yield f"activation_layer_{name}", (4, 4, 3), [k.layers.Activation(name)]
    yield "relu_options", (4, 4, 3), [k.layers.ReLU(max_value=2.0, negative_slope=0.1)]
    yield "relu_threshold", (9,), [k.layers.ReLU(threshold=0.3)]
    yield "relu_six", (9,), [k.layers.ReLU(max_value=6.0)]
    yield "leaky_relu", (9,), [k.layers.LeakyReLU()]
    yield "prelu", (4, 4, 3), [k.layers.PReLU(alpha_initializer="random_normal")]
    yield "prelu_shared", (4, 4, 3), [k.layers.PReLU(alpha_initializer="random_normal", shared_axes=[1, 2])]
    yield "elu_alpha", (9,), [k.layers.ELU(alpha=0.7)]
    yield "softmax_axis", (4, 6), [k.layers.Softmax(axis=-1)]


def convolutions(k):
    layers = k.layers
    yield "conv1d", (12, 3), [layers.Conv1D(5, 3)]
    yield "conv1d_causal", (12, 3), [layers.Conv1D(5, 3, padding="causal", dilation_rate=2, activation="relu")]
    yield "conv1d_same_stride", (13, 3), [layers.Conv1D(5, 4, padding="same", strides=2, use_bias=False)]
    yield "conv2d", (8, 9, 3), [layers.Conv2D(4, (3, 2), activation="relu")]
    yield "conv2d_same_stride", (9, 8, 3), [layers.Conv2D(4, 3, strides=2, padding="same")]
    yield "conv2d_dilated", (12, 11, 3), [layers.Conv2D(4, 3, dilation_rate=(2, 3))]
    yield "conv2d_groups", (8, 8, 6), [layers.Conv2D(4, 3, groups=2, padding="same")]
    yield "conv1d_transpose", (7, 3), [layers.Conv1DTranspose(4, 3, strides=2, padding="same")]
    yield "conv2d_transpose", (5, 6, 3), [layers.Conv2DTranspose(4, 3, strides=2)]
    yield "conv2d_transpose_same", (5, 6, 3), [layers.Conv2DTranspose(4, (4, 3), strides=(2, 3), padding="same")]
    yield "depthwise_conv1d", (9, 4), [layers.DepthwiseConv1D(3, depth_multiplier=2)]
    yield "depthwise_conv2d", (9, 8, 4), [layers.DepthwiseConv2D(3, padding="same", activation="relu")]
    yield "depthwise_multiplier", (9, 8, 4), [layers.DepthwiseConv2D((3, 2), strides=2, depth_multiplier=3)]
    yield "separable_conv1d", (9, 4), [layers.SeparableConv1D(5, 3, padding="same")]
    yield "separable_conv2d", (9, 8, 4), [layers.SeparableConv2D(5, 3, depth_multiplier=2, activation="relu")]


def pooling(k):
    layers = k.layers
    for kind in ("Max", "Average"):
        yield f"{kind}_pool1d", (9, 3), [getattr(layers, f"{kind}Pooling1D")(3, strides=2, padding="same")]
        yield f"{kind}_pool2d", (9, 8, 3), [getattr(layers, f"{kind}Pooling2D")((2, 3))]
        yield f"{kind}_pool2d_same", (9, 8, 3), [getattr(layers, f"{kind}Pooling2D")(3, strides=2, padding="same")]
        yield f"global_{kind}_1d", (9, 3), [getattr(layers, f"Global{kind}Pooling1D")()]
        yield f"global_{kind}_2d", (9, 8, 3), [getattr(layers, f"Global{kind}Pooling2D")()]
        yield f"global_{kind}_2d_keep", (9, 8, 3), [getattr(layers, f"Global{kind}Pooling2D")(keepdims=True)]


def normalisations(k):
    layers = k.layers
    yield "batch_norm", (6, 5, 4), [layers.Conv2D(3, 3, use_bias=False), layers.BatchNormalization()]
    yield "batch_norm_alone", (6, 5, 4), [layers.BatchNormalization(epsilon=0.01)]
    yield "batch_norm_plain", (6,), [layers.Dense(5), layers.BatchNormalization(scale=False, center=False)]
    yield "batch_norm_relu_first", (6, 5, 4), [layers.Conv2D(3, 3, activation="relu"), layers.BatchNormalization()]
    yield "batch_norm_depthwise", (6, 5, 4), [layers.DepthwiseConv2D(3), layers.BatchNormalization(), layers.ReLU(6.0)]
    yield "batch_norm_separable", (8, 4), [layers.SeparableConv1D(3, 3), layers.BatchNormalization()]
    yield "batch_norm_transpose", (5, 5, 3), [layers.Conv2DTranspose(4, 3), layers.BatchNormalization()]
    yield "layer_norm", (6, 5), [layers.LayerNormalization()]
    yield "layer_norm_plain", (6, 5), [layers.LayerNormalization(scale=False, epsilon=0.01)]
    yield "group_norm", (6, 5, 8), [layers.GroupNormalization(groups=4)]
    yield "normalization", (4,), [layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[1.0, 4.0, 0.5, 2.0])]
    yield "rescaling", (5, 5, 3), [layers.Rescaling(1 / 127.5, offset=-1)]


def shapes(k):
    layers = k.layers
    yield "flatten", (3, 4, 2), [layers.Flatten(), layers.Dense(3)]
    yield "reshape", (3, 4, 2), [layers.Reshape((6, -1))]
    yield "permute", (3, 4, 2), [layers.Permute((3, 1, 2))]
    yield "repeat_vector", (5,), [layers.RepeatVector(3)]
    yield "zero_padding1d", (5, 3), [layers.ZeroPadding1D((1, 2))]
    yield "zero_padding2d", (5, 4, 3), [layers.ZeroPadding2D(((0, 1), (2, 1))), layers.Conv2D(2, 3, strides=2)]
    yield "cropping1d", (7, 3), [layers.Cropping1D((1, 2))]
    yield "cropping2d", (7, 6, 3), [layers.Cropping2D(((1, 2), (0, 1)))]
    yield "upsampling1d", (5, 3), [layers.UpSampling1D(2)]
    yield "upsampling2d", (5, 4, 3), [layers.UpSampling2D((2, 3))]
    yield "upsampling2d_bilinear", (5, 4, 3), [layers.UpSampling2D(2, interpolation="bilinear")]
    yield "resizing", (9, 8, 3), [layers.Resizing(5, 6)]
    yield "resizing_nearest", (9, 8, 3), [layers.Resizing(12, 10, interpolation="nearest")]
    inert = [layers.Dropout(0.5), layers.GaussianNoise(0.1), layers.GaussianDropout(0.2), layers.ActivityRegularization(0.1)]
    yield "dropouts", (6, 4), [layers.Dense(3), layers.SpatialDropout1D(0.2), *inert]
    yield "spatial_dropout2d", (6, 4, 3), [layers.SpatialDropout2D(0.2), layers.Conv2D(2, 3)]


def merges(k):
    layers, inputs = k.layers, k.Input
    for name in "Add Multiply Subtract Average Maximum Minimum Concatenate".split():
        left, right = inputs((5, 4), name="left"), inputs((5, 4), name="right")
        yield f"merge_{name}", k.Model([left, right], getattr(layers, name)()([left, right]))
    three = [inputs((6,), name=f"part_{i}") for i in range(3)]
    yield "add_three", k.Model(three, layers.Add()(three))
    left, right = inputs((5, 4), name="left"), inputs((5, 4), name="right")
    yield "concatenate_axis", k.Model([left, right], layers.Concatenate(axis=1)([left, right]))
    left, right = inputs((6,), name="left"), inputs((6,), name="right")
    yield "dot", k.Model([left, right], layers.Dot(axes=1)([left, right]))
    yield "dot_normalized", k.Model([left, right], layers.Dot(axes=1, normalize=True)([left, right]))


def graphs(k):
    layers, inputs = k.layers, k.Input
    image = inputs((8, 8, 3), name="image")
    body = layers.Conv2D(4, 3, padding="same", activation="relu", name="body")(image)
    skip = layers.Add()([body, layers.Conv2D(4, 1)(image)])
    pooled = layers.GlobalAveragePooling2D()(skip)
    heads = [layers.Dense(3, activation="softmax", name="kind")(pooled), layers.Dense(2, name="box")(pooled)]
    yield "two_outputs", k.Model(image, heads)
    shared = layers.Dense(4, activation="tanh", name="shared")
    left, right = inputs((6,), name="left"), inputs((6,), name="right")
    yield "shared_layer", k.Model([left, right], layers.Concatenate()([shared(left), shared(right)]))
    inner = k.Sequential([inputs((6,)), layers.Dense(5, activation="relu"), layers.BatchNormalization()], name="inner")
    given = inputs((6,), name="given")
    yield "nested_sequential", k.Model(given, layers.Dense(2)(inner(given)))
    inside = inputs((5,), name="inside")
    block = k.Model(inside, layers.Add()([layers.Dense(5)(inside), inside]), name="block")
    given = inputs((5,), name="given")
    yield "nested_twice", k.Model(given, block(block(given)))
    words = inputs((7,), dtype="int32", name="words")
    embedded = layers.Embedding(20, 6)(words)
    yield "embedding", k.Model(words, layers.Dense(2)(layers.GlobalAveragePooling1D()(embedded)))


def refused(k):
    """Models with a layer that Pare does not read: (name, model, text that its message must hold)."""
    layers, inputs = k.layers, k.Input
    for name in ("LSTM", "GRU"):
        yield name, k.Sequential([inputs((5, 4)), getattr(layers, name)(3, name="memory")]), ("memory", name)
    query = inputs((5, 4))
    attention = layers.MultiHeadAttention(2, 2, name="attention")(query, query)
    yield "attention", k.Model(query, attention), ("attention", "MultiHeadAttention")
    yield "lambda", k.Sequential([inputs((4,)), layers.Lambda(lambda x: x * 2, name="doubled")]), ("doubled", "Lambda")


def shaken(model, generator):
    """The model with random weights; variances stay positive."""
    for variable in model.weights:
        name = getattr(variable, "path", variable.name)
        if not np.issubdtype(np.dtype(getattr(variable.dtype, "name", variable.dtype)), np.floating):
            continue
        values = generator.uniform(-0.5, 0.5, variable.shape)
        variable.assign(np.abs(values) + 0.5 if "variance" in name else values)
    return model


def zoo(k, seed=1):
    """Yields (name, model)."""
    generator = np.random.default_rng(seed)
    for family in (activations, convolutions, pooling, normalisations, shapes):
        for name, shape, layers in family(k):
            yield name, shaken(k.Sequential([k.Input(shape), *layers]), generator)
    for family in (merges, graphs):
        for name, model in family(k):
            yield name, shaken(model, generator)
