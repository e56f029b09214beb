"""Calls of the `pare` program that the judges share."""

import subprocess
from pathlib import Path

import numpy as np

# DESIGN of the command line: exit code 4 says that something is not supported, by name.
NOT_SUPPORTED = 4


class PareFailed(Exception):
    def __init__(self, command, code, message):
        super().__init__(f"`{' '.join(command)}` ended with code {code}: {message.strip()[-600:]}")
        self.code = code


def pare(program, *words):
    """Runs the program; returns its standard output."""
    command = [str(word) for word in (program, *words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise PareFailed(command, done.returncode, done.stderr or done.stdout)
    return done.stdout


def run_model(program, model, arrays, scratch, engine="reference", signature="", dump=False):
    """Returns (outputs by name, dumped tensors by key or None)."""
    scratch = Path(scratch)
    given, received, dumped = scratch / "input.npz", scratch / "output.npz", scratch / "tensors.npz"
    np.savez(given, **arrays)
    words = ["run", model, "--input", given, "-o", received, "--engine", engine]
    if signature:
        words += ["--signature", signature]
    if dump:
        words += ["--dump-tensors", dumped]
    for stale in (received, dumped):
        stale.unlink(missing_ok=True)
    pare(program, *words)
    return load(received), load(dumped) if dump else None


def load(path):
    """The arrays of an .npz by name."""
    with np.load(path) as arrays:
        return {key: arrays[key] for key in arrays.files}
