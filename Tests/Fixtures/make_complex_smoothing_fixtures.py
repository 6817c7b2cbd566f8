"""Writes complex_smoothing.json: complex exponential smoothing as statsforecast 2.1.1 has it, and the
largest eigenvalues of the matrices by which its states forget, as NumPy finds them.

    pip install statsforecast && python3 make_complex_smoothing_fixtures.py
"""

import csv
import json
import math
import pathlib

import numpy as np
from statsforecast.ces import cesmodel, forecast_ces

HERE = pathlib.Path(__file__).parent


def series():
    with open(HERE.parent.parent / "Examples" / "air-passengers.csv") as file:
        air = [float(row[1]) for row in list(csv.reader(file))[1:]]
    random = np.random.default_rng(3)
    t = np.arange(200)
    yield "air passengers to 1957", 12, air[:108]
    yield "air passengers to 1958", 12, air[:120]
    week = 50 + 0.1 * t[:131] + np.resize([4, 1, -2, 7, 0, -5, -5], 131) + random.normal(0, 2, 131)
    yield "weeks", 7, week.round(3).tolist()
    walk = 300 + np.cumsum(random.normal(0.5, 3, 77)) + np.resize([9, -4, 2, -7, 0], 77)
    yield "walk of five phases", 5, walk.round(3).tolist()
    plain = 20 + np.cumsum(random.normal(0, 0.5, 61)) + random.normal(0, 1, 61)
    yield "walk and noise", 3, plain.round(3).tolist()


def models():
    cases = []
    for name, season, values in series():
        y = np.array(values)
        n = len(y)
        found = []
        for form in "NSPF":
            model = cesmodel(y.copy(), season, form, None, None, None, None, 3)
            weights = [model["par"][key] for key in ("alpha_0", "alpha_1", "beta_0", "beta_1")]
            squares = float((model["residuals"] ** 2).sum())
            found.append({
                "form": form,
                "weights": [0 if math.isnan(w) else round(float(w), 9) for w in weights],
                "logLikelihood": -n / 2 * (math.log(2 * math.pi * squares / n) + 1),
                "aicc": model["aicc"],
                "forecasts": [float(f) for f in forecast_ces(model, 2 * season + 1)["mean"]]})
        best = min(found, key=lambda model: model["aicc"])["form"]
        cases.append(
            {"name": name, "season": season, "values": values, "best": best, "models": found})
    return cases


def forgetting():
    """How large the states' matrix F − g w' is, written out state by state."""
    random = np.random.default_rng(4)
    cases = []
    for form in "NSPF":
        for _ in range(25):
            m = int(random.choice([2, 3, 5, 7]))
            a0, a1 = random.uniform(0.3, 2.3), random.uniform(0.5, 1.5)
            b0, b1 = 0, 0
            pairs = 1 + (form == "F") * m
            size = 2 * pairs if form != "P" else 2 + m
            F, g, w = np.zeros((size, size)), np.zeros(size), np.zeros(size)
            F[:2, :2] = [[1, -(1 - a1)], [1, 1 - a0]]
            g[:2] = a0 - a1, a0 + a1
            w[0] = 1
            if form == "P":
                # The oldest season's state comes last, and is the next.
                b0 = random.uniform(0, 1)
                F[2, 1 + m] = 1
                for place in range(1, m):
                    F[2 + place, 1 + place] = 1
                g[2] = b0
                w[1 + m] = 1
            if form == "F":
                b0, b1 = random.uniform(0.7, 1.8), random.uniform(0.8, 1.3)
                F[2:4, 2 * m:2 * m + 2] = [[1, -(1 - b1)], [1, 1 - b0]]
                for place in range(4, size):
                    F[place, place - 2] = 1
                g[2:4] = b0 - b1, b0 + b1
                w[2 * m] = 1
            radius = float(abs(np.linalg.eigvals(F - np.outer(g, w))).max())
            cases.append({
                "form": form, "season": m, "radius": radius,
                "weights": [float(weight) for weight in (a0, a1, b0, b1)]})
    return cases


def main():
    document = {"models": models(), "forgetting": forgetting()}
    # A case a line.
    parts = (
        f' "{part}": [\n' + ",\n".join("  " + json.dumps(case) for case in cases) + "\n ]"
        for part, cases in document.items())
    (HERE / "complex_smoothing.json").write_text("{\n" + ",\n".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
