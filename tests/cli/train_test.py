"""Training as its users meet it: what is learned, logs, runs that are taken up again, and each way it can fail."""

import csv
import json
import os
import signal
import subprocess
import time
import unittest

from program import BAD_INPUT, DIGITS, PROGRAM, UNSUPPORTED, USAGE, ProgramTest



class Training(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")

    def words(self, out, *more, epochs=6):
        course = ("--epochs", epochs, "--batch", 16, "--lr", 0.01, "--threads", 1)
        return ["train", DIGITS, "--data", self.data, "-o", self.folder / out, *course, *more]

    def killed_after(self, epochs, words, log):
        """Runs until the log has so many epochs, then kills."""
        process = subprocess.Popen([str(word) for word in (PROGRAM, *words)], stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while len(self.rows(log)) < epochs:
            self.assertIsNone(process.poll(), "it ended too early")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    @staticmethod
    def rows(folder):
        try:
            with open(folder / "epochs.csv", newline="") as file:
                return list(csv.DictReader(file))
        except FileNotFoundError:
            return []


class Logs(Training):
    def test_a_row_an_epoch_has_the_numbers_of_the_report(self):
        log = self.folder / "log"
        epochs = self.json_of(*self.words("out.pare", "--log", log))["epochs"]
        rows = self.rows(log)
        self.assertEqual(len(rows), 6)
        for row, epoch in zip(rows, epochs):
            self.assertEqual(row["epoch"], str(epoch["epoch"]))
            for name in ("loss", "accuracy", "validation", "rate"):
                self.assertEqual(float(row[name]), epoch[name], name)
        self.assertEqual(sorted(os.listdir(log)), ["epochs.csv", "events.out.tfevents.0001.pare"])

    def test_a_killed_run_goes_on_in_its_log(self):
        log = self.folder / "log"
        whole, words = (self.words(out, "--log", folder, epochs=30) for out, folder in (("whole.pare", self.folder / "whole"), ("out.pare", log)))
        self.succeed(*whole)
        self.killed_after(3, words, log)
        over = [int(row["epoch"]) for row in self.rows(log)]
        self.assertEqual(over, list(range(1, len(over) + 1)))
        self.assertLess(len(over), 30)
        self.succeed(*words, "--resume")
        for ours, theirs in zip(self.rows(log), self.rows(self.folder / "whole"), strict=True):
            for name in ("epoch", "loss", "accuracy", "validation", "rate"):
                self.assertEqual(ours[name], theirs[name])
        self.assertEqual(len(os.listdir(log)), 3)
        self.assertEqual((self.folder / "out.pare").read_bytes(), (self.folder / "whole.pare").read_bytes())


class Averages(Training):
    def test_are_kept_and_taken_up_again(self):
        plain, average = self.folder / "plain.pare", ("--average", 0.9)
        self.succeed(*self.words("plain.pare"))
        whole, words = (self.words(out, *average, "--log", self.folder / out[:3], epochs=30) for out in ("whole.pare", "cut.pare"))
        self.succeed(*whole)
        self.killed_after(3, words, self.folder / "cut")
        self.succeed(*words, "--resume")
        self.assertEqual((self.folder / "cut.pare").read_bytes(), (self.folder / "whole.pare").read_bytes())
        self.assertEqual(self.json_of("inspect", plain)["parameters"], self.json_of("inspect", self.folder / "cut.pare")["parameters"])


class Rates(Training):
    def test_each_pattern_changes_the_course(self):
        ends = set()
        for rates in ((), ("digit/*=0.1",), ("*=0.1", "digit/*=1"), ("digit/*=10",)):
            self.succeed(*self.words("out.pare", *(word for rate in rates for word in ("--rate", rate)), epochs=1))
            ends.add((self.folder / "out.pare").read_bytes())
        self.assertEqual(len(ends), 4)

    def test_what_is_no_rate(self):
        for text in ("digit", "digit=", "=2", "digit=fast", "digit=-1", "digit=0.1x"):
            self.fails(USAGE, self.words("out.pare", "--rate", text), f"--rate: '{text}' was given, PATTERN=FACTOR such as 'stem*=0.1'")
        self.fails(USAGE, self.words("out.pare", "--rate", "digit=0"), "`--freeze 'digit'`")
        for name in ("head", "digit"):  # the latter is the softmax
            self.fails(BAD_INPUT, self.words("out.pare", "--rate", f"{name}=2"), f"no operator with weights is called '{name}'", "`pare inspect --layers`")
            self.fails(BAD_INPUT, self.words("out.pare", "--freeze", name), f"no operator with weights is called '{name}'")


class Heads(Training):
    def test_a_new_head_is_trained(self):
        for ending in ("h5", "pare", "tflite"):
            head, tuned = self.folder / f"head.{ending}", self.folder / f"tuned.{ending}"
            done = self.succeed("build", "--from", DIGITS, "--classes", 12, "-o", head)
            self.assertIn("'digit/fully_connected' is new, with 12 outputs in the place of 10", done.stdout)
            self.succeed("train", head, "--data", self.data, "--last", 1, "--epochs", 1, "-o", tuned)
            self.assertEqual(self.json_of("inspect", tuned)["outputs"][0]["type"], "f32[?, 12]")

    def test_what_makes_no_head(self):
        out = self.folder / "out.pare"
        self.fails(USAGE, ["build", "-o", out], "an architecture or --from MODEL", "`pare build --help`")
        self.fails(USAGE, ["build", "lenet", "--from", DIGITS, "-o", out], "an architecture or --from MODEL, not both")
        self.fails(USAGE, ["build", "--from", DIGITS, "-o", out], "--from needs --classes")
        self.fails(USAGE, ["build", "--from", DIGITS, "--classes", 3, "--width", 0.5, "-o", out], "--width goes with an architecture")
        self.fails(BAD_INPUT, ["build", "--from", self.folder / "none.h5", "--classes", 3, "-o", out], "none.h5: cannot open")
        self.fails(UNSUPPORTED, ["build", "--from", DIGITS, "--classes", 1, "-o", out], "digits.h5: a softmax over one class is always 1")


if __name__ == "__main__":
    unittest.main()
