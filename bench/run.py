"""All benchmarks against the peers; writes bench/results/<date>.json and .md and prints the table.

    run.py --pare build/release/pare [--part latency] [--rounds 5]

Ratios are ours over the peer's, medians over interleaved rounds in one run on one machine; the
absolute numbers are for orientation only. Ends with 1 where a goal was missed.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path

import latency
import memory
import quantize
import startup
import training
from measuring import CommandFailed, run
from prepared import ROOT, Workshop

PARTS = {"quantize": quantize, "latency": latency, "start": startup, "memory": memory, "training": training}
PEERS = ["ai-edge-litert", "onnxruntime", "tensorflow", "tf_keras", "tensorflow-model-optimization", "ai-edge-quantizer", "tf2onnx", "onnx", "numpy"]


def machine():
    """What a reader needs to judge the figures."""
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    return {"cpu": model, "cores": os.cpu_count(), "load_before": os.getloadavg()[0], "system": platform.platform()}


def table(rows):
    lines = ["| part | case | peer | ours | peer's | ratio | goal | |", "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        goal = "" if row.goal is None else f"{row.goal:.3g}"
        verdict = "" if row.goal is None else "met" if row.met else "**missed**"
        numbers = f"{row.ours:.4g} {row.unit} | {row.theirs:.4g} {row.unit} | {row.ratio:.3f}"
        lines.append(f"| {row.part} | {row.case} | {row.peer} | {numbers} | {goal} | {verdict} |")
    return "\n".join(lines)


def write_results(rows, failures, host):
    folder = ROOT / "bench" / "results"
    folder.mkdir(exist_ok=True)
    stem = folder / datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d_%H%M%S")
    versions = {name: importlib.metadata.version(name) for name in PEERS}
    content = {"machine": host, "peers": versions, "failures": failures, "rows": [row.as_json() for row in rows]}
    stem.with_suffix(".json").write_text(json.dumps(content, indent=1) + "\n")
    heading = f"{host['cpu']}, {host['cores']} cores, load {host['load_before']:.1f} before the run\n\n"
    stem.with_suffix(".md").write_text(heading + table(rows) + "\n" + "".join(f"\n{line}\n" for line in failures))
    return stem


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", default=ROOT / "build/release/pare", help="the program to measure")
    parser.add_argument("--part", action="append", choices=list(PARTS), help="all unless told")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", default=ROOT / "build/bench", help="folder for prepared models; kept between runs")
    arguments = parser.parse_args()
    shop = Workshop(arguments.pare, arguments.work)
    if not (shop.assets / "models").is_dir():
        print("skipped: no assets")
        return 77
    run([shop.pare, "--version"])
    host, rows, failures = machine(), [], []
    for name in arguments.part or PARTS:
        try:
            rows += PARTS[name].measure(shop, arguments.rounds)
        except CommandFailed as failure:
            failures.append(f"{name}: {failure}")
    stem = write_results(rows, failures, host)
    print(table(rows))
    for failure in failures:
        print(f"FAILED {failure}")
    missed = sum(not row.met for row in rows)
    print(f"{len(rows)} comparisons, {missed} goals missed, {len(failures)} parts failed; {stem}.json")
    return 1 if missed or failures else 0


if __name__ == "__main__":
    sys.exit(main())
