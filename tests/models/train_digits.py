"""Trains the small classifier that tests start from and saves it as digits.h5 beside this script.

    pare data make strokes -o strokes.npz
    python train_digits.py strokes.npz

Needs Keras 3 with any backend; takes about a minute on two cores.
"""

import argparse
from pathlib import Path

import keras
import numpy as np
from keras import layers

EPOCHS = 12
BATCH = 64


def network():
    """Batch normalisation, a depthwise convolution and a residual addition: what the passes work on."""

    def convolution(x, filters, kernel, strides=1):
        x = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        return layers.ReLU()(x)

    image = keras.Input((28, 28, 1), name="image")
    x = convolution(image, 16, 3, strides=2)
    x = convolution(x, 32, 3)
    x = layers.MaxPooling2D()(x)
    shortcut = x
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = convolution(x, 32, 1)
    x = layers.Add()([x, shortcut])
    x = convolution(x, 48, 3, strides=2)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.3)(x)
    digit = layers.Dense(10, activation="softmax", name="digit")(x)
    return keras.Model(image, digit, name="digits")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("arrays", help="the .npz that `pare data make strokes` wrote")
    parser.add_argument("-o", "--output", default=Path(__file__).with_name("digits.h5"))
    arguments = parser.parse_args()
    keras.utils.set_random_seed(1)
    with np.load(arguments.arrays) as arrays:
        train = arrays["x_train"] / np.float32(255), arrays["y_train"]
        test = arrays["x_test"] / np.float32(255), arrays["y_test"]
    model = network()
    steps = EPOCHS * (len(train[0]) // BATCH + 1)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*train, batch_size=BATCH, epochs=EPOCHS, verbose=2)
    print("accuracy on the test part:", model.evaluate(*test, verbose=0)[1])
    model.save(arguments.output, include_optimizer=False)


if __name__ == "__main__":
    main()
