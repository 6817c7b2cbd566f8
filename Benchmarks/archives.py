#!/usr/bin/env python3
"""Public archives as the tables that `lstm` reads, each with its test part at the end.

    python3 Benchmarks/archives.py DATA FOLDER

DATA holds `m4/Hourly-train.csv` and `-test.csv` (the M4 competition), `nn5/nn5_long.csv` (NN5, 111
series of days that begin on 1996-03-18), `ETT/ETTh1.csv` and `exchange_rate/exchange_rate.txt.gz`.
Written are m4_hourly.csv, nn5_daily.csv, etth1.csv (the first 14,400 hours, z-scores of the first
8,640, as the literature has it) and exchange_rate.csv.
"""

import csv
import datetime
import gzip
import pathlib
import statistics
import sys


def rows(path):
    with open(path, newline="") as file:
        return list(csv.reader(file))


def write(path, values):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["unique_id", "ds", "y"])
        writer.writerows(values)


def m4(data, folder):
    test = {row[0]: row[1:] for row in rows(data / "m4/Hourly-test.csv")[1:]}
    write(
        folder / "m4_hourly.csv",
        (
            (row[0], step + 1, value)
            for row in rows(data / "m4/Hourly-train.csv")[1:]
            for step, value in enumerate([v for v in row[1:] + test[row[0]] if v])
        ),
    )


def nn5(data, folder):
    start = datetime.date(1996, 3, 18)
    write(
        folder / "nn5_daily.csv",
        (
            (series, start + datetime.timedelta(days=int(step) - 1), value)
            for series, step, value in rows(data / "nn5/nn5_long.csv")[1:]
        ),
    )


def ett(data, folder):
    header, *table = rows(data / "ETT/ETTh1.csv")

    def column(index):
        values = [float(row[index]) for row in table[:14_400]]
        mean, deviation = statistics.fmean(values[:8640]), statistics.pstdev(values[:8640])
        return [(value - mean) / deviation for value in values]

    write(
        folder / "etth1.csv",
        (
            (header[index], row[0], value)
            for index in range(1, len(header))
            for row, value in zip(table, column(index))
        ),
    )


def exchange(data, folder):
    with gzip.open(data / "exchange_rate/exchange_rate.txt.gz", "rt") as file:
        table = [line.strip().split(",") for line in file]
    write(
        folder / "exchange_rate.csv",
        (
            (f"currency{index + 1}", day + 1, row[index])
            for index in range(len(table[0]))
            for day, row in enumerate(table)
        ),
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    source, target = (pathlib.Path(argument) for argument in sys.argv[1:])
    target.mkdir(parents=True, exist_ok=True)
    for make in (m4, nn5, ett, exchange):
        make(source, target)
