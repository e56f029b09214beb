"""Time of int8 quantisation: one Pare command from the Keras file against each peer's, same samples.

The converter starts from the Keras file too; AI Edge Quantizer and ONNX Runtime start from a float
file made beforehand, which is in their favour. "Alone" leaves the peer's start-up and imports out,
but not ours.
"""

from measuring import compare, interleave, last_json, run
from prepared import NETS

GOALS = {"converter": 1 / 20, "edge_quantizer": 1 / 5, "onnxruntime": 1 / 5}


def measure(shop, rounds, names=("resnet8", "efficientnet")):
    rows = []
    for net in NETS:
        if net.name in names:
            rows += measure_net(shop, net, rounds)
    return rows


def measure_net(shop, net, rounds):
    samples, out = shop.samples(net), shop.folder / "quantized"
    sources = {
        "converter": shop.keras(net),
        "edge_quantizer": shop.float_tflite(net),
        "onnxruntime": shop.float_onnx(net),
    }
    alone = {tool: [] for tool in sources}

    def ours():
        command = [shop.pare, "quantize", shop.keras(net), "-o", f"{out}.tflite", "--mode", "int8_only"]
        return run([*command, "--data", samples, "--samples", net.samples, "--quiet"])[1]

    def theirs(tool):
        ending = ".onnx" if tool == "onnxruntime" else ".tflite"
        text, seconds, _ = run(shop.conversion(tool, sources[tool], samples, f"{out}_{tool}{ending}"))
        alone[tool].append(last_json(text)["seconds"])
        return seconds

    contenders = {"pare": ours} | {tool: lambda tool=tool: theirs(tool) for tool in sources}
    taken = interleave(contenders, rounds)
    rows = []
    for tool in sources:
        for kind, numbers in (("whole command", taken[tool]), ("without start-up", alone[tool])):
            case = f"{net.name}, {net.samples} samples, {kind}"
            rows.append(compare("quantize", case, "s", taken["pare"], numbers, tool, GOALS[tool]))
    return rows
