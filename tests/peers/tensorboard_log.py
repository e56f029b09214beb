"""Logs of `pare train --log`; TensorBoard, which reads them, is the judge.

    tensorboard_log.py --pare build/release/pare

A run is killed and taken up again: TensorBoard must find each epoch once, with the numbers that Pare
reports, and in the last histograms the weights of the written file. Needs the large set of peers
(`scripts/peers.sh all`); ends with 77 without it.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import pare_program

DIGITS = Path(__file__).resolve().parents[1] / "models/digits.h5"
EPOCHS = 30


def rows(log):
    table = log / "epochs.csv"
    return list(csv.DictReader(table.read_text().splitlines())) if table.exists() else []


def kill_after(epochs, command, log):
    process = subprocess.Popen(command)
    while len(rows(log)) < epochs and process.poll() is None:
        time.sleep(0.005)
    process.kill()
    return process.wait()


def compare_scalars(found, report):
    for tag in ("loss", "accuracy", "rate", "samples_per_second"):
        events = found.Scalars(tag)
        assert [event.step for event in events] == list(range(1, EPOCHS + 1)), f"{tag}: steps {[event.step for event in events]}"
        for event, epoch in zip(events, report["epochs"]):
            assert np.isclose(event.value, epoch[tag], rtol=1e-6), f"{tag} {event.step}: {event.value}, not {epoch[tag]}"
        print(f"ok {tag}: {len(events)} epochs")


def compare_histogram(found, tag, weights):
    events = found.Histograms(tag)
    assert [event.step for event in events] == list(range(1, EPOCHS + 1)), f"{tag}: steps {[event.step for event in events]}"
    last, values = events[-1].histogram_value, weights.astype(np.float64).ravel()
    assert (last.num, last.min, last.max) == (values.size, values.min(), values.max()), tag
    assert np.isclose(last.sum, values.sum()) and np.isclose(last.sum_squares, (values**2).sum()), tag
    # Ours count a value at a limit below it, NumPy above.
    edges = -np.concatenate([[values.min()], last.bucket_limit])[::-1]
    counts = np.histogram(-values, bins=edges)[0][::-1]
    assert np.abs(counts - last.bucket).sum() <= 2, f"{tag}: {last.bucket}, not {counts}"
    print(f"ok {tag}: {values.size} weights")


def judge(program, folder, event_accumulator, h5py):
    generator = np.random.default_rng(7)
    np.savez(folder / "set.npz", x=generator.random((64, 28, 28, 1), np.float32), y=np.arange(64) % 10)
    log, tuned = folder / "log", folder / "tuned.h5"
    command = [program, "train", DIGITS, "--data", folder / "set.npz", "-o", tuned, "--log", log]
    command = [str(word) for word in command + ["--epochs", EPOCHS, "--batch", 16, "--validation", 0, "--json", "--quiet"]]
    assert kill_after(3, command, log) < 0, "it ended before it was killed"
    over = len(rows(log))
    found = event_accumulator.EventAccumulator(str(log)).Reload()
    assert len(found.Scalars("loss")) in (over, over - 1, over + 1), "the log of the killed run"
    report = json.loads(pare_program.pare(*command, "--resume"))
    found = event_accumulator.EventAccumulator(str(log), size_guidance={"histograms": 0}).Reload()
    compare_scalars(found, report)
    with h5py.File(tuned) as file:
        kernels = []
        file["model_weights"].visititems(lambda name, item: kernels.append(np.array(item)) if "kernel" in name and hasattr(item, "shape") else None)
    tags = [tag for tag in found.Tags()["histograms"] if "kernel" in tag]
    assert len(tags) == len(kernels), f"{tags} for {len(kernels)} kernels"
    for tag in tags:
        count = found.Histograms(tag)[-1].histogram_value.num
        compare_histogram(found, tag, next(kernel for kernel in kernels if kernel.size == count))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    arguments = parser.parse_args()
    try:
        import h5py
        from tensorboard.backend.event_processing import event_accumulator
    except ImportError:
        print("skipped: TensorBoard is not among the installed peers ('scripts/peers.sh all' installs it)")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        judge(arguments.pare, Path(scratch), event_accumulator, h5py)
    return 0


if __name__ == "__main__":
    sys.exit(main())
