"""Interleaved measurement: one round runs every contender once, so that a slow moment hits all of them."""

import json
import os
import subprocess
import time
from dataclasses import asdict, dataclass

import numpy as np


@dataclass
class Row:
    """One comparison. ratio = ours / peer's, the median over rounds; goal = the largest ratio that is good enough."""

    part: str
    case: str
    peer: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    goal: float | None = None

    @property
    def met(self):
        return self.goal is None or self.ratio <= self.goal

    def as_json(self):
        return asdict(self) | {"met": self.met}


class CommandFailed(Exception):
    pass


def run(command):
    """Returns (standard output, seconds, peak resident bytes) of one process."""
    words = [str(word) for word in command]
    start = time.perf_counter()
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    out, err = read_all(process)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise CommandFailed(f"`{' '.join(words)}` ended with {process.returncode}: {err.strip()[-500:]}")
    return out, seconds, usage.ru_maxrss * 1024


def read_all(process):
    """Both pipes to their end without reaping the process, whose usage wait4 reports."""
    import threading

    errors = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    out = process.stdout.read()
    reader.join()
    process.stdout.close()
    process.stderr.close()
    return out, errors[0]


def last_json(text):
    """The JSON object on the last line that holds one, or the whole text."""
    for line in reversed(text.strip().splitlines()):
        if line.startswith("{") and line.endswith("}"):
            return json.loads(line)
    return json.loads(text)


def interleave(contenders, rounds):
    """contenders: name -> callable that returns a number. Returns name -> list, one number a round."""
    taken = {name: [] for name in contenders}
    for index in range(rounds):
        names = list(contenders)
        for name in names if index % 2 == 0 else reversed(names):
            taken[name].append(contenders[name]())
    return taken


def compare(part, case, unit, ours, theirs, peer, goal=None):
    """A row from the numbers of the same rounds."""
    ratio = float(np.median(np.array(ours) / np.array(theirs)))
    return Row(part, case, peer, unit, float(np.median(ours)), float(np.median(theirs)), ratio, goal)
