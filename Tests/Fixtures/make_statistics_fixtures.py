#!/usr/bin/env python3
"""Golden values of the statistical forecasts, from libraries that share no code with the package.

    pip install statsmodels==0.15.0 statsforecast==2.1.1 numpy scipy
    python3 make_statistics_fixtures.py            # writes statistics.json beside itself

`ets`: for each series (its `values` and `season`) the fifteen models that R's `ets` tries, as statsmodels
fits them: `form` [errors, trend, season], `parameters`, `level`, `slope` and `seasonal` before the first
value, `logLikelihood` as R prints it (statsmodels' without the terms that depend on the count only) and
`forecasts`; and in `best` the name of the one with the least corrected criterion of Akaike.

`variances`: for models of known parameters the variance of each of the next values, from a million
simulated futures.

`theta`: for series without a season what statsforecast's dynamic optimised theta method finds
(`alpha`, `theta`, `level`), its mean squared error from the fourth value on and its forecasts.

`adjusted`: whether M4's test finds the season, by statsmodels' autocorrelations; the season by
statsmodels' classical decomposition (R's `decompose`), for the phases that come next; and Naive2.

`transforms`: scipy's Box-Cox of some values; `lambdas`: Guerrero's choice, by the definition in R's
`BoxCox.lambda` and scipy's minimiser.
"""

import csv
import json
import math
import pathlib
import warnings

import numpy as np
import scipy.optimize
import scipy.special
from statsforecast.theta import auto_theta, forecast_theta
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import acf
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

HERE = pathlib.Path(__file__).parent


def air_passengers():
    with open(HERE / "../../Examples/air-passengers.csv") as file:
        return [float(row[1]) for row in list(csv.reader(file))[1:]]


def ets_series():
    t = np.arange(61)
    weeks = 50 + 0.3 * t + 8 * np.sin(2 * np.pi * t / 7) + 5 * np.cos(t * t)
    t = np.arange(45)
    quarters = (20 + t) * (1 + 0.3 * np.sin(2 * np.pi * t / 4 + 0.4)) * (1 + 0.05 * np.cos(t * t))
    t = np.arange(47)
    waves = 10 * np.sin(t / 3) + np.cos(t * t)
    return [
        ("air passengers", air_passengers(), 12),
        ("weeks", weeks.tolist(), 7),
        ("quarters", quarters.tolist(), 4),
        ("waves", waves.tolist(), 1),
    ]


NAMES = {"add": "A", "mul": "M", None: "N"}


def ets_models(values, season):
    values = np.array(values)
    count = len(values)
    models = []
    for error in ("add", "mul"):
        for pattern in (None, "add", "mul"):
            if (error, pattern) == ("add", "mul") or (season == 1 and pattern):
                continue
            if values.min() <= 0 and "mul" in (error, pattern):
                continue
            for trend, damped in ((None, False), ("add", False), ("add", True)):
                model = ETSModel(
                    values, error=error, trend=trend, damped_trend=damped, seasonal=pattern,
                    seasonal_periods=season if pattern else None, bounds=None)
                fit = model.fit(disp=0, maxiter=10000)
                p = dict(zip(model.param_names, fit.params))
                k = 3 + 2 * bool(trend) + damped + (season if pattern else 0)
                likelihood = fit.llf + count / 2 * (math.log(2 * math.pi / count) + 1)
                models.append({
                    "form": [NAMES[error], "Ad" if damped else NAMES[trend], NAMES[pattern]],
                    "parameters": [
                        p["smoothing_level"], p.get("smoothing_trend", 0),
                        p.get("smoothing_seasonal", 0), p.get("damping_trend", 1)],
                    "level": p["initial_level"],
                    "slope": p.get("initial_trend", 0),
                    # statsmodels counts the seasons before the first value backwards.
                    "seasonal": [p[f"initial_seasonal.{i}"] for i in reversed(range(season))]
                    if pattern else [0],
                    "logLikelihood": likelihood,
                    "aicc": -2 * likelihood + 2 * k + 2 * k * (k + 1) / (count - k - 1),
                    "forecasts": fit.forecast(season + 2).tolist(),
                })
    return models


def ets():
    result = []
    for name, values, season in ets_series():
        models = ets_models(values, season)
        best = min(models, key=lambda model: model["aicc"])
        for model in models:
            del model["aicc"]
        result.append({
            "name": name, "values": values, "season": season,
            "best": "ETS(" + ",".join(best["form"]) + ")", "models": models})
    return result


def simulated(case, horizon, paths=1_000_000):
    """The textbook's equations, one by one."""
    random = np.random.default_rng(5)
    errors, trend, pattern = case["form"]
    alpha, beta, gamma, phi = case["parameters"]
    level = np.full(paths, case["level"])
    slope = np.full(paths, case["slope"])
    seasonal = [np.full(paths, s) for s in case["seasonal"]]
    variances = []
    for step in range(horizon):
        part = seasonal[step % len(seasonal)]
        base = level + phi * slope
        mean = base * part if pattern == "M" else base + part
        noise = random.normal(0, math.sqrt(case["variance"]), paths)
        rest = noise * mean if errors == "M" else noise
        variances.append(float((mean + rest).var()))
        if pattern == "M":
            level, slope = base + alpha * rest / part, phi * slope + beta * rest / part
            seasonal[step % len(seasonal)] = part + gamma * rest / base
        else:
            level, slope = base + alpha * rest, phi * slope + beta * rest
            seasonal[step % len(seasonal)] = part + gamma * rest
    return variances


def variances():
    cases = [
        {"form": ["A", "Ad", "A"], "parameters": [0.4, 0.1, 0.3, 0.9], "level": 20, "slope": 1,
         "seasonal": [3, -1, -2], "variance": 4},
        {"form": ["A", "A", "N"], "parameters": [0.7, 0.2, 0, 1], "level": 5, "slope": -1,
         "seasonal": [0], "variance": 0.25},
        {"form": ["M", "N", "N"], "parameters": [0.6, 0, 0, 1], "level": 50, "slope": 0,
         "seasonal": [0], "variance": 0.04},
        {"form": ["M", "A", "A"], "parameters": [0.3, 0.05, 0.4, 1], "level": 30, "slope": 2,
         "seasonal": [8, -5, 2, -5], "variance": 0.01},
        {"form": ["M", "Ad", "M"], "parameters": [0.5, 0.1, 0.2, 0.85], "level": 40, "slope": 3,
         "seasonal": [1.4, 0.5, 1.1], "variance": 0.01},
    ]
    for case in cases:
        case["variances"] = simulated(case, 2 * len(case["seasonal"]) + 3)
    return cases


def theta():
    t = np.arange(53)
    series = {
        "trend": 30 + 0.7 * t + 4 * np.cos(t * t),
        "steps": 10 + np.cumsum(np.cos(t * t)) + np.sin(t / 9),
        "fall": 90 - 0.02 * t * t + 2 * np.cos(3 * t * t),
    }
    cases = []
    for name, values in series.items():
        model = auto_theta(values, 1, model="DOTM")
        par = model["par"]
        errors = model["residuals"][3:]
        cases.append({
            "name": name, "values": values.tolist(), "alpha": par["alpha"], "theta": par["theta"],
            "level": par["initial_smoothed"], "error": float(np.mean(errors ** 2)),
            "forecasts": forecast_theta(model, 9)["mean"].tolist()})
    return cases


def adjusted():
    t = np.arange(59)
    noise = np.cos(t * t)
    series = [
        ("air passengers", np.array(air_passengers()), 12),
        ("weeks", 50 + 0.3 * t + 8 * np.sin(2 * np.pi * t / 7) + 5 * noise, 7),
        ("around zero", 0.1 * t + 4 * np.sin(2 * np.pi * t / 5) + noise, 5),
        ("none", 20 + 3 * noise, 6),
        ("short", 20 + 9 * np.sin(2 * np.pi * t[:32] / 12), 12),
    ]
    cases = []
    for name, values, season in series:
        n = len(values)
        r = acf(values, nlags=season, fft=False)[1:]
        limit = 1.645 * math.sqrt((1 + 2 * np.sum(r[:-1] ** 2)) / n)
        seasonal = n >= 3 * season and abs(r[-1]) > limit
        kind = "multiplicative" if values.min() > 0 else "additive"
        part = np.full(n + season + 3, 1.0 if kind == "multiplicative" else 0.0)
        if seasonal:
            found = seasonal_decompose(values, model=kind, period=season).seasonal
            part = np.array([found[i % season] for i in range(len(part))])
        if kind == "multiplicative":
            naive2 = values[-1] / part[n - 1] * part[n:]
        else:
            naive2 = values[-1] - part[n - 1] + part[n:]
        cases.append({
            "name": name, "values": values.tolist(), "season": season,
            "isSeasonal": bool(seasonal), "naive2": naive2.tolist()})
    return cases


def transforms():
    values = np.array([1e-3, 0.5, 1, 7.25, 4e5])
    return [
        {"lambda": power, "values": values.tolist(),
         "images": scipy.special.boxcox(values, power).tolist()}
        for power in (-1, -0.3, -1e-9, 0, 0.25, 1, 2)]


def guerrero(values, season):
    values = np.array(values)
    period = max(season, 2)
    count = len(values) // period
    parts = values[len(values) - count * period:].reshape(count, period)
    means, deviations = parts.mean(1), parts.std(1, ddof=1)

    def variation(power):
        ratios = deviations / means ** (1 - power)
        return ratios.std(ddof=1) / ratios.mean()

    # The best of several, for there may be several hollows.
    found = [
        scipy.optimize.minimize_scalar(
            variation, bounds=(low, low + 0.5), method="bounded", options={"xatol": 1e-11})
        for low in np.arange(-1, 2, 0.5)]
    return float(min(found, key=lambda result: result.fun).x)


def lambdas():
    t = np.arange(67)
    series = [
        ("air passengers", air_passengers(), 12),
        ("squares", ((9 + 0.1 * t + np.sin(2 * np.pi * t / 5) + 0.4 * np.cos(t * t)) ** 2).tolist(), 5),
        ("pairs", (30 + t + 0.1 * t * np.cos(t * t)).tolist(), 1),
    ]
    return [
        {"name": name, "values": values, "season": season, "lambda": guerrero(values, season)}
        for name, values, season in series]


def main():
    warnings.filterwarnings("ignore")
    document = {
        "ets": ets(), "variances": variances(), "theta": theta(), "adjusted": adjusted(),
        "transforms": transforms(), "lambdas": lambdas()}
    # A case a line.
    parts = (
        f' "{part}": [\n' + ",\n".join("  " + json.dumps(case) for case in cases) + "\n ]"
        for part, cases in document.items())
    (HERE / "statistics.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
