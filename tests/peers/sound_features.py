"""Features of sounds as `pare data export` gives them; tf.signal is the judge.

    sound_features.py --pare build/release/pare

Needs the large set of peers (`scripts/peers.sh all`); ends with 77 without it.
"""

import argparse
import os
import sys
import tempfile
import wave
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

import pare_program

TOLERANCE = 2e-4  # of values between -14 and 8; tf.signal computes the bands in float32
RATE = 16000

# Keys of [sound]: window_ms, hop_ms, fft, mels, lowest_hz, highest_hz, coefficients.
CASES = {
    "micro": (30, 20, 512, 40, 20, 4000, 10),
    "speech": (25, 10, 400, 80, 80, 7600, 13),
    "odd_window": (10.0625, 5, 256, 20, 0, 8000, 20),
}


def write_wav(path, values):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(values.astype("<i2").tobytes())


def judged(tf, waveform, case):
    """What tf.signal gives: log-mel and MFCC."""
    window_ms, hop_ms, fft, mels, lowest, highest, coefficients = case
    window, hop = round(window_ms * RATE / 1000), round(hop_ms * RATE / 1000)
    spectrum = tf.abs(tf.signal.stft(waveform, frame_length=window, frame_step=hop, fft_length=fft))
    matrix = tf.signal.linear_to_mel_weight_matrix(mels, fft // 2 + 1, RATE, lowest, highest)
    log_mel = tf.math.log(tf.matmul(spectrum, matrix) + 1e-6)
    return log_mel.numpy(), tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[..., :coefficients].numpy()


def ours(program, folder, features, case):
    keys = dict(zip(("window_ms", "hop_ms", "fft", "mels", "lowest_hz", "highest_hz", "coefficients"), case))
    lines = "".join(f"{key} = {value}\n" for key, value in keys.items())
    description = folder / "set.toml"
    description.write_text(f'[source]\npath = "sounds"\n[sound]\nrate = {RATE}\nfeatures = "{features}"\n{lines}')
    pare_program.pare(program, "data", "export", description, "-o", folder / "out.npz")
    return np.load(folder / "out.npz")["x"][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    arguments = parser.parse_args()
    try:
        import tensorflow as tf
    except ImportError:
        print("skipped: TensorFlow is not among the installed peers ('scripts/peers.sh all' installs it)")
        return 77
    generator = np.random.default_rng(7)
    times = np.arange(RATE) / RATE
    chirp = 8000 * np.sin(2 * np.pi * (200 + 1500 * times) * times) + 300 * generator.standard_normal(RATE)
    values = np.round(chirp)
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "sounds" / "one").mkdir(parents=True)
        write_wav(folder / "sounds" / "one" / "a.wav", values)
        for name, case in CASES.items():
            expected = judged(tf, (values / 32768).astype(np.float32), case)
            for features, wanted in zip(("log_mel", "mfcc"), expected):
                found = ours(arguments.pare, folder, features, case)
                error = np.abs(found - wanted).max() if found.shape == wanted.shape else np.inf
                failures += error > TOLERANCE
                print(f"{'FAIL' if error > TOLERANCE else 'ok'} {name} {features} {wanted.shape}: {error:.1e}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
