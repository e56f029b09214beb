"""Training with tf_keras and TFMOT, each measurement in a process of its own; prints one JSON object.

    peer_training.py step NET.h5 --form function|fit|qat|pruned|clustered
                                                           milliseconds of one step on a batch of noise
    peer_training.py make lenet|tutorial -o NET.h5         an untrained network
    peer_training.py epoch NET.h5 --mnist FOLDER           seconds of the second epoch on 60,000 images
    peer_training.py recipe NET.h5 --mnist FOLDER -o DIR   trains, converts to float and int8 files
    peer_training.py score NET.tflite --mnist FOLDER       share of the 10,000 test images that LiteRT tells right

Adam and cross-entropy throughout. `function` is a compiled step with a gradient tape, `fit` what model.fit needs from the
beginning of one batch to the next, `qat` the compiled step of a network that went through TFMOT's quantize_model; `pruned` and
`clustered` are `fit` of networks that went through prune_low_magnitude (80 %, polynomial) and cluster_weights (16 values).
"""

import argparse
import gzip
import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

import numpy as np

WARM_UP = 10
MNIST_TRAIN, MNIST_TEST = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"), ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")


def tensorflow(threads):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
    return tf


def mnist(folder, names):
    """Images in [0, 1] and labels."""
    images, labels = (gzip.decompress((Path(folder) / name).read_bytes()) for name in names)
    pixels = np.frombuffer(images, np.uint8, offset=16).reshape(-1, 28, 28, 1)
    return pixels.astype(np.float32) / 255, np.frombuffer(labels, np.uint8, offset=8).astype(np.int32)


def noise_batch(model, size):
    generator = np.random.default_rng(0)
    x = generator.random([size, *model.input_shape[1:]], dtype=np.float32)
    return x, generator.integers(0, model.output_shape[-1], size).astype(np.int32)


def function_steps(model, batch, seconds, tf):
    """A hand-written compiled step."""
    import tf_keras

    optimizer, loss = tf_keras.optimizers.Adam(1e-4), tf_keras.losses.SparseCategoricalCrossentropy()
    weights = model.trainable_variables

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        optimizer.apply_gradients(zip(tape.gradient(value, weights), weights))
        return value

    x, y = (tf.constant(part) for part in batch)
    for _ in range(WARM_UP):
        step(x, y).numpy()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 40 or time.perf_counter() < end:
        start = time.perf_counter()
        step(x, y).numpy()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def fit_steps(model, batch, seconds, tf, callbacks=()):
    import tf_keras

    begins = []

    class Clock(tf_keras.callbacks.Callback):
        def on_train_batch_begin(self, step, logs=None):
            begins.append(time.perf_counter())
            if len(begins) > WARM_UP + 40 and begins[-1] - begins[WARM_UP] > seconds:
                self.model.stop_training = True

    data = tf.data.Dataset.from_tensors(batch).cache().repeat()
    model.compile(tf_keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    model.fit(data, epochs=1000, steps_per_epoch=WARM_UP + 41, verbose=0, callbacks=[Clock(), *callbacks])
    gaps = np.diff(begins[WARM_UP:]) * 1e3
    return [gap for at, gap in enumerate(gaps, WARM_UP + 1) if at % (WARM_UP + 41) != 0]  # not those between epochs


def pruned(model):
    from tensorflow_model_optimization.sparsity import keras as sparsity

    schedule = sparsity.PolynomialDecay(initial_sparsity=0, final_sparsity=0.8, begin_step=0, end_step=1000)
    return sparsity.prune_low_magnitude(model, schedule), [sparsity.UpdatePruningStep()]


def clustered(model):
    from tensorflow_model_optimization.clustering import keras as clustering

    start = clustering.CentroidInitialization.KMEANS_PLUS_PLUS
    return clustering.cluster_weights(model, number_of_clusters=16, cluster_centroids_init=start), []


COMPRESSED = {"pruned": pruned, "clustered": clustered}


def measure_step(arguments):
    tf = tensorflow(arguments.threads)
    import tf_keras

    model = tf_keras.models.load_model(arguments.model, compile=False)
    if arguments.form == "qat":
        import tensorflow_model_optimization as tfmot

        model = tfmot.quantization.keras.quantize_model(model)
    batch = noise_batch(model, arguments.batch)
    if arguments.form in COMPRESSED:
        model, callbacks = COMPRESSED[arguments.form](model)
        times = fit_steps(model, batch, arguments.seconds, tf, callbacks)
    else:
        times = (fit_steps if arguments.form == "fit" else function_steps)(model, batch, arguments.seconds, tf)
    return {"runs": len(times), "step_ms": {"median": np.median(times), "min": min(times), "p90": np.percentile(times, 90)}}


def make(arguments):
    """`lenet` and `small_cnn` are those of `pare build`; `tutorial` is the network of TFMOT's pages on pruning, clustering and quantisation."""
    from tf_keras import Sequential, layers

    def normalized(channels):
        return [layers.Conv2D(channels, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU()]

    image = layers.InputLayer((28, 28, 1))
    lenet = [
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(512, activation="relu"),
    ]
    small_cnn = [
        *(layer for width in (32, 64) for layer in [*normalized(width), *normalized(width), layers.MaxPooling2D()]),
        *normalized(128),
        layers.GlobalAveragePooling2D(),
    ]
    tutorial = [layers.Conv2D(12, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    body = {"lenet": lenet, "small_cnn": small_cnn, "tutorial": tutorial}[arguments.model]
    model = Sequential([image, *body, layers.Dense(10, activation="softmax")])
    model.save(arguments.output)
    return {}


def trained(path, images, labels, **options):
    import tf_keras

    model = tf_keras.models.load_model(path, compile=False)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images, labels, batch_size=32, verbose=0, **options)
    return model


def epoch(arguments):
    tensorflow(arguments.threads)
    import tf_keras

    begins = []

    class Clock(tf_keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            begins.append(time.perf_counter())

    trained(arguments.model, *mnist(arguments.mnist, MNIST_TRAIN), epochs=2, callbacks=[Clock()])
    return {"seconds": time.perf_counter() - begins[1]}


def recipe(arguments):
    """4 epochs, a tenth held out, then a float file and an int8 file calibrated with 500 images."""
    tensorflow(arguments.threads)
    from peer_models import tflite_converter

    images, labels = mnist(arguments.mnist, MNIST_TRAIN)
    model = trained(arguments.model, images, labels, epochs=4, validation_split=0.1)
    for name, samples in (("float", None), ("int8", images[:500])):
        (Path(arguments.output) / f"peer_{name}.tflite").write_bytes(tflite_converter(model, samples))
    return {}


def score(arguments):
    from ai_edge_litert.interpreter import Interpreter

    images, labels = mnist(arguments.mnist, MNIST_TEST)
    interpreter = Interpreter(model_path=arguments.model, num_threads=arguments.threads)
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.resize_tensor_input(source["index"], [100, *source["shape"][1:]])
    interpreter.allocate_tensors()
    scale, zero = source["quantization"]
    if source["dtype"] == np.int8:
        images = np.clip(np.round(images / scale) + zero, -128, 127).astype(np.int8)
    right = 0
    for at in range(0, len(images), 100):
        interpreter.set_tensor(source["index"], images[at : at + 100].reshape(100, *source["shape"][1:]))
        interpreter.invoke()
        right += int((interpreter.get_tensor(result["index"]).argmax(1) == labels[at : at + 100]).sum())
    return {"accuracy": right / len(images)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["step", "make", "epoch", "recipe", "score"])
    parser.add_argument("model")
    parser.add_argument("--form", choices=["function", "fit", "qat", *COMPRESSED], default="function")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=2.0, help="measuring time after the warm-up")
    parser.add_argument("--mnist", help="folder of the idx files")
    parser.add_argument("-o", "--output")
    arguments = parser.parse_args()
    result = {"step": measure_step, "make": make, "epoch": epoch, "recipe": recipe, "score": score}[arguments.what](arguments)
    print(json.dumps(result, default=float))
    return 0


if __name__ == "__main__":
    sys.exit(main())
