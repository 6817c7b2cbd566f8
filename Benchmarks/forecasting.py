#!/usr/bin/env python3
"""How good the forecasts of `lstm` are on public data, beside what was published for them.

    python3 Benchmarks/forecasting.py LSTM ARCHIVES [--seeds 1,2,3] [NAME ...]

LSTM is the tool, ARCHIVES the folder that Benchmarks/archives.py wrote. Runs the command of each
archive with each seed and prints a table of the worst seed: the measure, what it is held against, the
naive anchor, coverage and MSIS of the 95 % band, the time and the most memory of a run.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
AIR = HERE.parent / "Examples/air-passengers.csv"


class Case:
    def __init__(self, name, table, options, measure, promise, published, ratio=False):
        self.name, self.table, self.options = name, table, options
        self.measure, self.promise, self.published = measure, promise, published
        self.ratio = ratio


CASES = [
    Case(
        "M4 Hourly", "m4_hourly.csv",
        "--horizon 48 --season 24 --windows 1 --level 95", "owa", 0.50,
        "ES-RNN .440, seasonal naive .627",
    ),
    Case(
        "NN5 daily", "nn5_daily.csv", "--horizon 56 --windows 1 --level 95", "smape", 20.6,
        "45 RNNs 21.5, ETS 21.57",
    ),
    Case(
        "ETTh1", "etth1.csv", "--horizon 96 --test-size 2880 --step 1 --no-refit --level 95",
        "mse", 0.376, "PatchTST .370, DLinear .374",
    ),
    Case(
        "air passengers", AIR, "--horizon 12 --level 95", "mase", 0.50, "ETS .41, SARIMA .65",
        ratio=True,
    ),
]


def run(tool, table, options, seed):
    """The tool's JSON document, the seconds it took and its largest size in MB."""
    with tempfile.NamedTemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(
            [tool, "backtest", str(table), *options.split(), "--json", "--seed", str(seed)],
            stdout=output, stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status != 0:
            sys.exit(f"{table}: the tool ended with {status}")
        with open(output.name) as file:
            return json.load(file), seconds, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("archives", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", default="1,2,3")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    print("| data | measure | by seed | worst | asked | seasonal naive | best baseline "
          "| 95 % band holds | MSIS | published | seconds | MB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for case in CASES:
        if arguments.names and case.name not in arguments.names:
            continue
        values, times, sizes, covers, widths = [], [], [], [], []
        for seed in seeds:
            table = case.table if isinstance(case.table, pathlib.Path) else (
                arguments.archives / case.table)
            document, seconds, size = run(arguments.tool, table, case.options, seed)
            board = {row["method"]: row for row in document["leaderboard"]}
            model = next(row for row in document["leaderboard"] if row["kind"] == "model")
            anchor = board["seasonal-naive"][case.measure]
            best = min(
                (row for row in document["leaderboard"] if row["kind"] == "baseline"),
                key=lambda row: row[case.measure])
            scale = anchor if case.ratio else 1
            values.append(model[case.measure] / scale)
            covers.append(100 * model["coverage"]["95"])
            widths.append(model["msis"]["95"])
            times.append(seconds)
            sizes.append(size)
        unit = case.measure.upper() + (" over seasonal naive's" if case.ratio else "")
        print(
            f"| {case.name} | {unit} | {', '.join(f'{value:.3f}' for value in values)} "
            f"| {max(values):.3f} | {case.promise} | {anchor / scale:.3f} "
            f"| {best['method']} {best[case.measure] / scale:.3f} "
            f"| {min(covers):.1f}–{max(covers):.1f} | {max(widths):.2f} | {case.published} "
            f"| {max(times):.0f} | {max(sizes):.0f} |", flush=True)


if __name__ == "__main__":
    main()
