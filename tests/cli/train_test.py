"""Training as its users meet it: what is learned, logs, runs that are taken up again, and each way it can fail."""

import csv
import math
import os
import resource
import signal
import subprocess
import time
import unittest

from program import BAD_INPUT, DIGITS, PROGRAM, UNSUPPORTED, USAGE, ProgramTest, npz



class Training(ProgramTest):
    @classmethod
    def prepare(cls):
        cls.data = cls.samples(cls.shared / "samples.npz")

    def words(self, out, *more, epochs=6):
        course = ("--epochs", epochs, "--batch", 16, "--lr", 0.01, "--threads", 1)
        return ["train", DIGITS, "--data", self.data, "-o", self.folder / out, *course, *more]

    def started(self, words, ready):
        """The command as a process, once `ready` says that it has come so far."""
        process = subprocess.Popen([str(word) for word in (PROGRAM, *words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 60
        while not ready():
            self.assertIsNone(process.poll(), "it ended too early")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        return process

    def killed_after(self, epochs, words, log):
        """Runs until the log has so many epochs, then kills."""
        process = self.started(words, lambda: len(self.rows(log)) >= epochs)
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
        self.assertEqual(sum("tfevents" in name for name in os.listdir(log)), 2)
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


class Products(Training):
    def test_of_16_bits_where_the_processor_has_them(self):
        words = self.words("out.pare", "--bf16")
        if "bf16" in self.json_of("doctor")["instructions"]:
            self.succeed(*words)
        else:
            self.fails(UNSUPPORTED, words, "products in bfloat16 were asked for", "train in float32 here")


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


class Failures(Training):
    """Each ends with one clear message and the right code, and keeps what was learned."""

    def made(self, name, shape=(28, 28, 1), **targets):
        path = self.folder / name
        count, values = 32, math.prod(shape)
        npz(path, x=("f", (count, *shape), [i % 7 / 7 for i in range(count * values)]), **targets)
        return path

    def labels(self, name, of, **more):
        return self.made(name, y=("q", (32,), [of(i) for i in range(32)]), **more)

    def refused(self, code, data, *parts, more=()):
        self.fails(code, ["train", DIGITS, "--data", data, "-o", self.folder / "out.tflite", "--epochs", 1, *more], *parts)

    def test_labels_out_of_range(self):
        self.refused(BAD_INPUT, self.labels("a.npz", lambda i: 12 if i == 20 else i % 10), "gives 10 scores a sample, the data set has 13 classes", "`pare build --from` makes a head for 13")
        self.refused(BAD_INPUT, self.labels("b.npz", lambda i: -1 if i == 20 else i % 10), "sample 20 has the label -1")

    def test_samples_that_do_not_fit(self):
        self.refused(BAD_INPUT, self.labels("a.npz", lambda i: i % 10, shape=(14, 14, 1)), "f32[1, 14, 14, 1], the model takes f32[?, 28, 28, 1]")
        self.refused(BAD_INPUT, self.made("b.npz"), "has no targets to learn")
        self.refused(BAD_INPUT, self.made("c.npz", y=("f", (32, 3), [0.5] * 96)), "the model gives 10 numbers a sample, the data set has 3")
        values = self.made("d.npz", y=("f", (32, 10), [0.5] * 320))
        self.refused(BAD_INPUT, values, "class weights need classes; the target of this data set is 'value'", more=["--balanced"])
        self.refused(USAGE, self.data, "there are 3 class weights for 10 classes; give one a class", more=["--class-weights", 1, 2, 3])
        self.refused(USAGE, self.data, "--balanced excludes --class-weights", more=["--balanced", "--class-weights", *[1] * 10])

    def test_everything_frozen(self):
        self.refused(USAGE, self.data, "--freeze leaves nothing to train: it names all 11 operators with weights", more=["--freeze", "*"])

    def test_a_class_without_samples_is_named(self):
        data = self.labels("a.npz", lambda i: i % 5 + (i % 5 > 2))
        words = ["train", DIGITS, "--data", data, "-o", self.folder / "out.tflite", "--epochs", 1, "--balanced"]
        self.assertIn("Class 3 has no training sample.", self.succeed(*words).stdout)
        self.assertEqual(self.json_of(*words)["empty_classes"], [3])
        self.assertEqual(self.json_of(*words[:-1], "--class-weights", *range(6))["empty_classes"], [3])

    def test_places_that_take_no_file(self):
        words = ["train", DIGITS, "--data", self.data, "--epochs", 1, "-o"]
        self.fails(BAD_INPUT, [*words, self.folder / "none" / "out.tflite"], "none/out.tflite: cannot write: No such file")
        self.fails(USAGE, [*words, self.folder / "out.bin"], "out.bin")
        self.fails(BAD_INPUT, [*words, self.folder / "out.tflite", "--log", self.data], "samples.npz: cannot make the folder of the log")

    def test_nothing_to_go_on_with(self):
        self.refused(BAD_INPUT, self.data, "there is no run to go on with", "out.tflite.checkpoint.pare is missing", more=["--resume"])

    def test_other_settings_to_go_on_with(self):
        words = self.words("out.pare", epochs=40)
        process = self.started(words, self.checkpoint("out.pare").exists)
        process.kill()
        process.communicate()
        self.fails(BAD_INPUT, [*words, "--resume", "--average", 0.5], "the run that was kept has average = 0.0, now it is 0.5")

    def test_loss_that_is_no_number(self):
        huge = [3e38 * (-1) ** i for i in range(64 * 784)]  # sums of these are infinite
        data, labels = self.folder / "set.npz", ("q", (64,), [i % 10 for i in range(64)])
        npz(data, x=("f", (64, 28, 28, 1), huge), y=labels)
        self.refused(BAD_INPUT, data, "the loss became no number in step 1; a smaller --lr or --clip-norm helps\n")
        # Where it happens later, what was learned before is kept, as a model.
        self.samples(data)
        words = ["train", DIGITS, "--data", data, "-o", self.folder / "out.tflite", "--epochs", 200]
        process = self.started(words, self.checkpoint("out.tflite").exists)
        process.kill()
        process.communicate()
        npz(data, x=("f", (64, 28, 28, 1), huge), y=labels)
        self.fails(BAD_INPUT, [*words, "--resume"], "the loss became no number", f"; what was learned is kept in {self.checkpoint('out.tflite')}\n")
        self.succeed("convert", self.checkpoint("out.tflite"), "-o", self.folder / "out.tflite")

    def checkpoint(self, out):
        return self.folder / f"{out}.checkpoint.pare"

    def test_no_room_for_a_checkpoint(self):
        done = subprocess.run(["sh", "-c", 'ulimit -f 8; exec "$@"', "sh", PROGRAM, *map(str, self.words("out.pare"))], capture_output=True, text=True)
        self.assertEqual(done.returncode, BAD_INPUT, done.stderr)
        self.assertIn("out.pare.checkpoint.pare: cannot write: File too large", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_no_room_later_keeps_the_run(self):
        self.succeed(*self.words("whole.pare", epochs=40))
        words = self.words("out.pare", epochs=40)
        process = self.started(words, self.checkpoint("out.pare").exists)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        _, message = process.communicate(timeout=60)
        self.assertEqual(process.returncode, BAD_INPUT, message)
        self.assertIn("File too large; what was learned is kept in", message)
        self.assertIn("--resume goes on from there", message)
        self.assertEqual(sorted(os.listdir(self.folder)), ["out.pare.checkpoint.pare", "whole.pare"])
        self.succeed(*words, "--resume")
        self.assertEqual((self.folder / "out.pare").read_bytes(), (self.folder / "whole.pare").read_bytes())

    def test_no_room_for_the_result_keeps_the_run(self):
        out = self.folder / "out.tflite"
        os.symlink("/dev/full", out)
        done = self.run_program(*self.words("out.tflite"))
        self.assertEqual(done.returncode, BAD_INPUT)
        self.assertIn(f"out.tflite: cannot write: No space left on device; what was learned is kept in {self.checkpoint('out.tflite')}, --resume goes on", done.stderr)
        out.unlink()
        self.succeed(*self.words("out.tflite"), "--resume")
        self.assertFalse(self.checkpoint("out.tflite").exists())


if __name__ == "__main__":
    unittest.main()
