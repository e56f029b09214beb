"""Training: one step against tf_keras, TFMOT and the bare oneDNN primitives; an epoch; a tutorial's recipe from start to finish.

`training_step` and `bare_training` are programs of the build beside `pare` (PARE_BUILD_BENCHMARKS). A step is Adam and
cross-entropy on a batch of 32, two threads.
"""

import sys

from measuring import compare, interleave, last_json, run
from prepared import HERE, NETS

STEP_NETS = ("vww", "resnet8", "dscnn")
GOALS = {
    "tf_keras tf.function": 1 / 2,
    "tf_keras fit": 1 / 2,
    "bare oneDNN": 1.2,
    "TFMOT tf.function": 1 / 2,
    "TFMOT fit": 1 / 2,
    "our plain step": 1.2,
}
EPOCH_GOAL, RECIPE_GOAL, ERROR_GOAL = 1 / 2, 1 / 4, 1.0


def measure(shop, rounds, nets=STEP_NETS):
    rows = []
    for net in NETS:
        if net.name in nets:
            rows += measure_step(shop, net, rounds)
            rows += measure_quantized_step(shop, net, rounds)
            rows += measure_sparse_step(shop, net, rounds)
            rows += measure_clustered_step(shop, net, rounds)
    for net in ("lenet", "small_cnn"):
        rows += measure_epoch(shop, max(1, rounds // 2), net)
    return rows + measure_recipe(shop, max(1, rounds // 2))


def peer(what, model, *words):
    return [sys.executable, HERE / "peer_training.py", what, model, *words]


def program(shop, name):
    return shop.pare.parent / "bench" / name


def step_ms(command):
    return last_json(run(command)[0])["step_ms"]["median"]


def measure_step(shop, net, rounds):
    model, setting = shop.keras(net), ["--threads", 2, "--batch", 32]
    contenders = {
        "pare": [program(shop, "training_step"), model],
        "tf_keras tf.function": peer("step", model, "--form", "function"),
        "tf_keras fit": peer("step", model, "--form", "fit"),
        "bare oneDNN": [program(shop, "bare_training"), model],
    }
    return compared(f"{net.name}, one step", contenders, setting, rounds)


def measure_quantized_step(shop, net, rounds):
    """With fake quantisation; nothing where the program has no quantisation-aware training."""
    model = shop.in_training_form(net)
    if model is None:
        return []
    contenders = {
        "pare": [program(shop, "training_step"), model],
        "TFMOT tf.function": peer("step", shop.keras(net), "--form", "qat"),
    }
    return compared(f"{net.name}, one step with fake quantisation", contenders, ["--threads", 2, "--batch", 32], rounds)


def measure_sparse_step(shop, net, rounds):
    """With masks on all weights but depthwise ones; TFMOT finds its masks anew every hundred steps."""
    return measure_compressed_step(f"{net.name}, one step with pruning", shop.pruned(net), shop.keras(net), "pruned", rounds, shop)


def measure_clustered_step(shop, net, rounds):
    """With 16 values a tensor, whose centroids learn."""
    return measure_compressed_step(
        f"{net.name}, one step with clustering", shop.clustered(net), shop.keras(net), "clustered", rounds, shop
    )


def measure_compressed_step(case, model, plain, form, rounds, shop):
    contenders = {
        "pare": [program(shop, "training_step"), model],
        "our plain step": [program(shop, "training_step"), plain],
        "TFMOT fit": peer("step", plain, "--form", form),
    }
    return compared(case, contenders, ["--threads", 2, "--batch", 32], rounds)


def compared(case, contenders, setting, rounds):
    taken = interleave({name: lambda words=words: step_ms([*words, *setting]) for name, words in contenders.items()}, rounds)
    return [
        compare("training", case, "ms", taken["pare"], taken[name], name, GOALS[name]) for name in contenders if name != "pare"
    ]


def measure_epoch(shop, rounds, net):
    """The second epoch of each, so that no one's start counts."""
    model, mnist = shop.untrained(net), shop.assets / "data/mnist"

    def ours():
        command = [shop.pare, "train", model, "--data", HERE / "mnist.toml", "-o", shop.folder / "epoch.h5", "--epochs", 2]
        text, _, _ = run([*command, "--validation", 0, "--threads", 2, "--json", "--quiet"])
        return last_json(text)["epochs"][-1]["seconds"]

    taken = interleave(
        {"pare": ours, "peer": lambda: last_json(run(peer("epoch", model, "--mnist", mnist))[0])["seconds"]}, rounds
    )
    return [compare("training", f"{net}, an epoch of 60,000", "s", taken["pare"], taken["peer"], "tf_keras fit", EPOCH_GOAL)]


def measure_recipe(shop, rounds):
    """The tutorial's 4 epochs, then a float and an int8 file: our commands against one Python process, start-up included."""
    model, mnist, folder = shop.untrained("tutorial"), shop.assets / "data/mnist", shop.folder
    wrong = {name: [] for name in ("pare_float", "pare_int8", "peer_float", "peer_int8")}

    def score(who):
        for form in ("float", "int8"):
            name = f"{who}_{form}"
            text, _, _ = run(peer("score", folder / f"{name}.tflite", "--mnist", mnist))
            wrong[name].append(100 * (1 - last_json(text)["accuracy"]))

    def ours():
        shared = ["--data", HERE / "mnist.toml", "--seed", 1 + len(wrong["pare_int8"]), "--threads", 2, "--quiet"]
        trained = folder / "pare_float.tflite"
        # Our schedule falls to 0 where the tutorial's rate stays, so it begins higher.
        seconds = run([shop.pare, "train", model, "-o", trained, "--epochs", 4, "--lr", 3e-3, *shared])[1]
        seconds += run([shop.pare, "quantize", trained, "-o", folder / "pare_int8.tflite", "--mode", "int8_only", *shared])[1]
        score("pare")
        return seconds

    def theirs():
        seconds = run(peer("recipe", model, "--mnist", mnist, "-o", folder))[1]
        score("peer")
        return seconds

    taken = interleave({"pare": ours, "peer": theirs}, rounds)
    case = "tutorial, 4 epochs to int8 file"
    rows = [compare("training", case, "s", taken["pare"], taken["peer"], "tf_keras and converter", RECIPE_GOAL)]
    for form in ("float", "int8"):
        pair = wrong[f"pare_{form}"], wrong[f"peer_{form}"]
        rows.append(compare("training", f"{case}, wrong in {form}", "%", *pair, "tf_keras and converter", ERROR_GOAL))
    return rows
