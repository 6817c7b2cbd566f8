#!/usr/bin/env python3
"""How long it takes to read a table of a million values.

    python3 Benchmarks/reading.py LSTM [--repeat N]

Makes tables of a million values, 100 series of 10,000 hours, in the ways in which tables come, and
runs `lstm future` on each: the whole process, from its start to its end, with the most memory it had.
The files are in the page cache. With pandas installed its `read_csv` of the same file stands beside
it, times parsed, without the start of Python.
"""

import argparse
import datetime
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

SERIES, STEPS = 100, 10_000


def tables(folder):
    """For each file its name, its options, and the columns that are times for pandas."""
    start = datetime.datetime(2020, 1, 1)
    times = [start + datetime.timedelta(hours=step) for step in range(STEPS)]

    def value(series, step):
        return f"{(step * 37 + series * 101) % 9973 / 8:.3f}"

    def long(name, style, header="unique_id,ds,y", more=lambda step: "", separator=","):
        texts = [time.strftime(style) for time in times]
        with open(folder / name, "w") as file:
            file.write(header.replace(",", separator) + "\n")
            for series in range(SERIES):
                for step, text in enumerate(texts):
                    row = f"store_{series},{text},{value(series, step)}{more(step)}"
                    file.write(row.replace(",", separator) + "\n")

    long("long.csv", "%Y-%m-%d %H:%M:%S")
    yield "long.csv", [], "ds"
    long("semicolons.csv", "%Y-%m-%dT%H:%M", separator=";")
    yield "semicolons.csv", [], None
    long("days first.csv", "%d/%m/%Y %H:%M")
    yield "days first.csv", [], None
    long(
        "covariates.csv", "%Y-%m-%d %H:%M:%S", "unique_id,ds,y,price,event",
        lambda step: f",{step % 13}.5,{'fair' if step % 7 == 0 else ''}")
    yield "covariates.csv", ["--known", "price,event"], "ds"
    with open(folder / "wide.csv", "w") as file:
        file.write("ds," + ",".join(f"store_{series}" for series in range(SERIES)) + "\n")
        for step, moment in enumerate(times):
            cells = ",".join(value(series, step) for series in range(SERIES))
            file.write(f"{moment:%Y-%m-%d %H:%M:%S},{cells}\n")
    yield "wide.csv", ["--wide"], "ds"
    with open(folder / "monash.tsf", "w") as file:
        file.write("@relation x\n@attribute series_name string\n@attribute start_timestamp date\n")
        file.write("@frequency hourly\n@missing false\n@equallength true\n@data\n")
        for series in range(SERIES):
            cells = ",".join(value(series, step) for step in range(STEPS))
            file.write(f"T{series}:2020-01-01 00-00-00:{cells}\n")
    yield "monash.tsf", [], None


def run(command):
    """Seconds, and MB at most."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: status {status}")
    return elapsed, usage.ru_maxrss / 1024


def pandas_seconds(path, column):
    """In a process of its own: what this one has in memory would count for those it starts."""
    program = (
        "import pandas, sys, time; start = time.perf_counter(); "
        "pandas.read_csv(sys.argv[1], parse_dates=[sys.argv[2]]); "
        "print(time.perf_counter() - start)")
    result = subprocess.run(
        [sys.executable, "-c", program, path, column], capture_output=True, text=True)
    return float(result.stdout) if result.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", type=pathlib.Path)
    parser.add_argument("--repeat", type=int, default=5)
    arguments = parser.parse_args()
    print("| table | MB | seconds | MB at most | pandas, seconds |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, options, column in tables(folder):
            path = folder / file
            command = [arguments.tool, "future", path, "--horizon", "1", "--output", "-", *options]
            runs = [run(command) for _ in range(arguments.repeat)]
            other = [pandas_seconds(path, column) for _ in range(arguments.repeat)] if column else []
            cells = [
                file, f"{path.stat().st_size / 1e6:.0f}",
                f"{statistics.median(seconds for seconds, _ in runs):.2f}",
                f"{max(megabytes for _, megabytes in runs):.0f}",
                f"{statistics.median(other):.2f}" if other and other[0] is not None else "",
            ]
            print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
