"""What the tests of the program share: calls, a scratch folder, small files made without any library."""

import array
import io
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("PARE_PROGRAM", ROOT / "build/release/pare")
DIGITS = ROOT / "tests/models/digits.h5"

GOAL_MISSED, USAGE, BAD_INPUT, UNSUPPORTED = 1, 2, 3, 4


def npy(typecode, shape, values):
    """The bytes of a .npy file. Type codes of the module array: f, b, B, q."""
    kinds = {"f": "<f4", "d": "<f8", "b": "|i1", "B": "|u1", "q": "<i8"}
    header = f"{{'descr': '{kinds[typecode]}', 'fortran_order': False, 'shape': ({', '.join(map(str, shape))},), }}"
    header += " " * (64 - (len(header) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + array.array(typecode, values).tobytes()


def npz(path, **arrays):
    """Writes an .npz of (typecode, shape, values)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in arrays.items():
            archive.writestr(f"{name}.npy", npy(*content))


class ProgramTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.shared)
        cls.prepare()

    @classmethod
    def prepare(cls):
        """Files that every test of the class reads."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    @staticmethod
    def run_program(*words):
        return subprocess.run([str(word) for word in (PROGRAM, *words)], capture_output=True, text=True)

    @classmethod
    def succeed(cls, *words):
        done = cls.run_program(*words)
        assert done.returncode == 0, f"{words} ended with {done.returncode}: {done.stderr}"
        return done

    def fails(self, code, words, *parts):
        """The command ends with this code and one line that holds all parts; the folder holds what it held before."""
        before = sorted(os.listdir(self.folder))
        done = self.run_program(*words)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("pare: "), done.stderr)
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def killed_once_kept(self, words, output):
        """Kills the command as soon as the state of its run lies beside the output; skips the test where it was over before."""
        kept = self.folder / f"{output}.checkpoint.pare"
        running = subprocess.Popen([str(word) for word in (PROGRAM, *words)], stdout=subprocess.DEVNULL)
        while not kept.exists() and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        running.wait()
        if not kept.exists():
            self.skipTest("the run was over before it could be killed")

    def ends_as_if_not_killed(self, words, output):
        """A run of the command that is killed and taken up again writes the same bytes as one that is not."""
        self.succeed(*words)
        whole = (self.folder / output).read_bytes()
        (self.folder / output).unlink()
        self.killed_once_kept(words, output)
        self.succeed(*words, "--resume")
        self.assertEqual((self.folder / output).read_bytes(), whole)

    def json_of(self, *words):
        done = self.succeed(*words, "--json", "--quiet")
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    @classmethod
    def samples(cls, path, count=64):
        """A small data set for digits.h5: gradients of ten strengths."""
        pixels = [(i * 7 + (p * (i % 10 + 1)) // 8) % 256 / 255 for i in range(count) for p in range(784)]
        npz(path, x=("f", (count, 28, 28, 1), pixels), y=("q", (count,), [i % 10 for i in range(count)]))
        return path

    @staticmethod
    def unlabelled_samples(path, count=64):
        npz(path, x=("f", (count, 28, 28, 1), [(i * 31 + p) % 256 / 255 for i in range(count) for p in range(784)]))
        return path
