#!/usr/bin/env python3
"""How `lstm forecast`, with nothing but a horizon, does on short monthly series beside ETS.

    python3 Benchmarks/monthly.py LSTM TABLES [NAME ...] [--seeds 1,2,3] [--scores FILE]

LSTM is the tool. TABLES is a folder of archives, all of them read, or those of the NAMEs:

- NAME.tsf: a file of the Monash forecasting repository (M1 and M3 monthly, tourism monthly, hospital,
  car parts, CIF 2016). The horizon is what its head says, or else --horizon.
- NAME.csv: a long table `unique_id, ds, y` with months written 2001-07, whole series with the test
  part at the end. NAME_h12.csv says that 12 steps are held out; otherwise it is --horizon.

With `--cut 48,66,90` each series is cut into stretches of these lengths in turn, which makes an archive
of short series out of a few long ones.

The last steps of each series are held out, and `lstm forecast TRAIN.csv --horizon N` is run on the
rest, once for each seed; its own ETS, Theta and seasonal naive come from `lstm backtest`. ETS is chosen
by AICc by statsforecast (pip install statsforecast), which also supplies Theta. Measures are the
means over series: MASE, of the season before; sMAPE in percent; OWA beside Naive2, as M4 has it. A
series counts as refused if its forecast is not there as a whole, or the tool ends with an error. With
--scores there is a row for each archive, series and method.
"""

import argparse
import csv
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
from statsforecast.models import AutoETS, Theta

SEASON = 12
INSIDE = {"ets": "lstm's ETS", "theta": "lstm's Theta", "seasonal-naive": "seasonal naive"}


def months(first, count):
    start = 12 * int(first[:4]) + int(first[5:7]) - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(start, start + count)]


def read_long(path):
    """{id: (months, values)} of a long table."""
    series = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            times, values = series.setdefault(row["unique_id"], ([], []))
            times.append(row["ds"])
            values.append(float(row["y"]) if row["y"] else math.nan)
    return series


def read_monash(path):
    """The same of a Monash file, and its horizon or None; a series without a start begins in 2000."""
    series, attributes, horizon, inside = {}, [], None, False
    with open(path, encoding="latin-1") as file:
        for line in map(str.strip, file):
            if inside and line:
                *fields, values = line.split(":")
                named = dict(zip(attributes, fields))
                values = [math.nan if value == "?" else float(value) for value in values.split(",")]
                first = named.get("start_timestamp", "2000-01")
                series[named.get("series_name", f"T{len(series) + 1}")] = (
                    months(first, len(values)), values)
            elif line.startswith("@attribute"):
                attributes.append(line.split()[1])
            elif line.startswith("@horizon"):
                horizon = int(line.split()[1])
            inside = inside or line == "@data"
    return series, horizon


def cut(series, lengths):
    """Stretches of the lengths in turn, the last ones of a series first; what is left over is dropped."""
    stretches, turn = {}, 0
    for name, (times, values) in series.items():
        end, part = len(values), 0
        while end >= min(lengths):
            length = lengths[turn % len(lengths)]
            turn += 1
            if length <= end:
                part += 1
                stretches[f"{name}.{part}"] = (times[end - length:end], values[end - length:end])
                end -= length
    return stretches


def write(path, series, held_out):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["unique_id", "ds", "y"])
        for name, (times, values) in series.items():
            kept = len(values) - held_out
            writer.writerows(
                (name, times[step], "" if math.isnan(values[step]) else float(values[step]))
                for step in range(kept))


def run(tool, *arguments):
    process = subprocess.run([tool, *arguments, "--quiet"], capture_output=True, text=True)
    if process.returncode != 0:
        print(f"{' '.join(arguments[:1])}: {process.stderr.strip()}", file=sys.stderr)
    return process.returncode == 0


def columns(path, names):
    """{name: {id: values}} of a table that the tool wrote."""
    found = {name: {} for name in names}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            for name in names:
                found[name].setdefault(row["unique_id"], []).append(float(row[name] or "nan"))
    return found


def by_model(tool, train, horizon, seed, folder):
    start = time.monotonic()
    output = folder / "forecast.csv"
    worked = run(
        tool, "forecast", str(train), "--horizon", str(horizon), "--seed", str(seed),
        "--output", str(output), "--plot", str(folder / "forecast.svg"))
    seconds = time.monotonic() - start
    return columns(output, ["lstm"])["lstm"] if worked else {}, seconds


def by_baselines(tool, whole, horizon, folder):
    """What needs no network, so that one epoch of one network will do for the rest."""
    output = folder / "backtest.csv"
    worked = run(
        tool, "backtest", str(whole), "--horizon", str(horizon), "--windows", "1",
        "--members", "1", "--epochs", "1",
        "--forecasts", str(output), "--scores", str(folder / "scores.csv"))
    if not worked:
        return {}
    found = columns(output, list(INSIDE))
    return {INSIDE[name]: forecasts for name, forecasts in found.items()}


def filled(values):
    values = numpy.array(values)
    known = ~numpy.isnan(values)
    return numpy.interp(numpy.arange(len(values)), numpy.flatnonzero(known), values[known])


def by_statsforecast(model, history, horizon):
    """A series too short for a season is forecast without one."""
    for season in (SEASON, 1):
        try:
            forecast = model(season_length=season).forecast(y=history, h=horizon)["mean"]
            if numpy.isfinite(forecast).all():
                return forecast
        except Exception:  # statsforecast raises whatever its parts raise
            continue
    return numpy.full(horizon, history[-1])


def naive2(history, horizon):
    """Of M4: the last value, of the seasonally adjusted series where lag 12 is significant at 90 %."""
    count, factors = len(history), numpy.ones(SEASON)
    if count >= 3 * SEASON and history.min() > 0:
        centred = history - history.mean()
        variance = (centred ** 2).sum() or 1
        correlations = [
            (centred[lag:] * centred[:-lag]).sum() / variance for lag in range(1, SEASON + 1)]
        limit = 1.645 * math.sqrt((1 + 2 * sum(c ** 2 for c in correlations[:-1])) / count)
        if abs(correlations[-1]) > limit:
            weights = numpy.r_[0.5, numpy.ones(SEASON - 1), 0.5] / SEASON
            trend = numpy.convolve(history, weights, "valid")
            ratios = history[SEASON // 2:SEASON // 2 + len(trend)] / trend
            places = (numpy.arange(len(trend)) + SEASON // 2) % SEASON
            factors = numpy.array([ratios[places == place].mean() for place in range(SEASON)])
            factors /= factors.mean()
    steps = (count + numpy.arange(horizon)) % SEASON
    return history[-1] / factors[(count - 1) % SEASON] * factors[steps]


def scored(history, actual, forecast):
    """MASE, or NaN where the history repeats itself, and sMAPE in percent."""
    known = ~numpy.isnan(actual)
    errors = numpy.abs(actual - forecast)[known]
    lag = SEASON if len(history) > SEASON else 1
    scale = numpy.nanmean(numpy.abs(history[lag:] - history[:-lag]))
    sizes = (numpy.abs(actual) + numpy.abs(forecast))[known]
    relative = numpy.divide(200 * errors, sizes, out=numpy.zeros_like(errors), where=sizes > 0)
    return errors.mean() / scale if scale > 0 else math.nan, relative.mean()


def measured(series, horizon, forecasts):
    """{id: (MASE, sMAPE)} of the series that a method forecast as a whole."""
    found = {}
    for name, (_, values) in series.items():
        values = numpy.array(values)
        forecast = numpy.array(forecasts.get(name, []), float)
        if len(forecast) == horizon and numpy.isfinite(forecast).all():
            found[name] = scored(values[:-horizon], values[-horizon:], forecast)
    return found


def mean(scores, place):
    values = [score[place] for score in scores.values() if not math.isnan(score[place])]
    return statistics.fmean(values) if values else math.nan


def summary(scores, anchor):
    mase, smape = mean(scores, 0), mean(scores, 1)
    return mase, smape, (mase / mean(anchor, 0) + smape / mean(anchor, 1)) / 2


def archive(tool, name, series, horizon, seeds, details):
    lengths = sorted(len(values) - horizon for _, values in series.values())
    methods, times, refused = {}, [], 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write(folder / "train.csv", series, horizon)
        write(folder / "whole.csv", series, 0)
        for seed in seeds:
            forecasts, seconds = by_model(tool, folder / "train.csv", horizon, seed, folder)
            methods[f"lstm, seed {seed}"] = measured(series, horizon, forecasts)
            refused = max(refused, len(series) - len(methods[f"lstm, seed {seed}"]))
            times.append(seconds)
        for method, forecasts in by_baselines(tool, folder / "whole.csv", horizon, folder).items():
            methods[method] = measured(series, horizon, forecasts)
    histories = {key: filled(values[:-horizon]) for key, (_, values) in series.items()}
    outside = {
        "ETS": lambda history: by_statsforecast(AutoETS, history, horizon),
        "Theta": lambda history: by_statsforecast(Theta, history, horizon),
        "Naive2": lambda history: naive2(history, horizon),
    }
    for method, forecast in outside.items():
        methods[method] = measured(
            series, horizon, {key: forecast(history) for key, history in histories.items()})
    if details:
        details.writerows(
            (name, key, method, *score)
            for method, scores in methods.items() for key, score in scores.items())
    anchor = methods.pop("Naive2")
    means = {method: summary(scores, anchor) for method, scores in methods.items()}
    ours = [means[f"lstm, seed {seed}"] for seed in seeds]
    for place, measure in enumerate(["MASE", "sMAPE %", "OWA"]):
        digits = 2 if place == 1 else 3
        others = (
            f"{means[method][place]:.{digits}f}" if method in means else "–"
            for method in ("ETS", "lstm's ETS", "Theta", "lstm's Theta", "seasonal naive"))
        print(
            f"| {name} | {len(series)} of {lengths[0]}–{lengths[-1]} | {horizon} | {measure} "
            f"| {', '.join(f'{own[place]:.{digits}f}' for own in ours)} "
            f"| {max(own[place] for own in ours):.{digits}f} | {' | '.join(others)} "
            f"| {refused} | {max(times):.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool")
    parser.add_argument("tables", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--horizon", type=int, default=18)
    parser.add_argument("--cut", help="lengths of stretches, with what is held out: 48,66,90")
    parser.add_argument("--scores", help="where the scores of each series go, CSV")
    arguments = parser.parse_args()
    seeds = [int(seed) for seed in arguments.seeds.split(",")]
    details = None
    if arguments.scores:
        details = csv.writer(open(arguments.scores, "w", newline="", buffering=1))
        details.writerow(["archive", "unique_id", "method", "mase", "smape"])
    print("| data | series, values | steps | measure | lstm, by seed | worst | ETS | ETS of lstm "
          "| Theta | Theta of lstm | seasonal naive | refused | seconds |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for path in sorted(arguments.tables.iterdir()):
        name, horizon = path.stem, arguments.horizon
        if path.suffix not in (".csv", ".tsf") or arguments.names and name not in arguments.names:
            continue
        if path.suffix == ".tsf":
            series, own = read_monash(path)
            horizon = own or horizon
        else:
            series = read_long(path)
            if "_h" in name and name.rsplit("_h", 1)[1].isdigit():
                horizon = int(name.rsplit("_h", 1)[1])
        if arguments.cut:
            series = cut(series, [int(length) for length in arguments.cut.split(",")])
        short = [key for key, (_, values) in series.items() if len(values) < horizon + 3]
        if short:
            print(f"{name}: left out, with nothing to learn from: {', '.join(short)}", file=sys.stderr)
            series = {key: series[key] for key in series if key not in short}
        archive(arguments.tool, name, series, horizon, seeds, details)


if __name__ == "__main__":
    main()
