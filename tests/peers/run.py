"""All judgements of Pare by its peers; closes with a line `N passed, N failed, N skipped`.

    run.py --pare build/release/pare            a few samples of every file, about two minutes
    run.py --pare build/release/pare --all      all samples of every data set, and the accuracies
    run.py --pare ... --only round_trip --file kws

Ends with 77 (skipped) where the assets are missing.
"""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path

import cases
import compare_engine
import litert
import pare_program
import quantized
import round_trip

FEW = 8  # samples of each data set without --all


def refusal(case):
    """The operator for which Pare refuses this file by name, or ""."""
    kinds = litert.Model(case.path).operator_kinds()
    return ", ".join(sorted(kinds & cases.REFUSED))


def engine_job(case, options, scratch):
    return lambda: compare_engine.judge(options.pare, case, scratch, None if options.all else FEW)


def round_trip_job(case, options, scratch):
    return lambda: round_trip.judge(options.pare, case, scratch)


def jobs(options, assets, scratch):
    """Yields (kind, name, callable that returns (passed, line))."""
    found = cases.all_cases(assets, scratch)
    if options.also:
        found += cases.more_cases(options.also)
    for case in found:
        if options.file not in case.name:
            continue
        refused = refusal(case)
        for kind, make in (("engine", engine_job), ("round_trip", round_trip_job)):
            if options.only and kind not in options.only:
                continue
            if refused:
                yield kind, case.name, lambda name=case.name: (None, f"{name}: {refused} is not supported")
            elif kind == "engine" and Path(case.path).name in cases.SHAPES_FROM_INPUTS:
                yield kind, case.name, lambda name=case.name: (None, f"{name}: shapes from input values are not supported")
            else:
                yield kind, case.name, make(case, options, scratch)
    if options.only and "quantize" in options.only or not options.only and options.all:
        for net in quantized.NETS:
            if options.file in net.name:
                yield "quantize", net.name, lambda net=net: quantized.judge(options.pare, assets, net, scratch)


def attempt(job):
    try:
        return job()
    except pare_program.PareFailed as failure:
        return False, str(failure)
    except Exception:  # a judge that breaks down is a failure of this case, not of the run
        return False, traceback.format_exc(limit=3)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pare", required=True, help="the program to judge")
    parser.add_argument("--all", action="store_true", help="all samples and the accuracies")
    parser.add_argument("--only", action="append", choices=["engine", "round_trip", "quantize"])
    parser.add_argument("--file", default="", help="only files whose name contains this")
    parser.add_argument("--also", help="a folder with more .tflite files to judge")
    options = parser.parse_args()
    assets = cases.assets_folder()
    if assets is None:
        print("skipped: no assets")
        return 77
    counts = {True: 0, False: 0, None: 0}
    words = {True: "pass", False: "FAIL", None: "skip"}
    with tempfile.TemporaryDirectory() as scratch:
        for kind, name, job in jobs(options, assets, scratch):
            start = time.monotonic()
            passed, line = attempt(job)
            counts[passed] += 1
            print(f"{words[passed]} {kind} {line or name} ({time.monotonic() - start:.1f} s)", flush=True)
    print(f"{counts[True]} passed, {counts[False]} failed, {counts[None]} skipped")
    return 1 if counts[False] else 0


if __name__ == "__main__":
    sys.exit(main())
