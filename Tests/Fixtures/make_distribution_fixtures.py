#!/usr/bin/env python3
"""Golden values of distributions and special functions from scipy, for the tests of this package.

    pip install scipy==1.17.1 mpmath==1.3.0 safetensors numpy
    python3 make_distribution_fixtures.py       # writes scipy_distributions.safetensors beside itself

Its metadata has one key, `cases`, as in the PyTorch files. Everything is in float64; arguments are
stored beside the values, one of each for every value.

`gamma`                x (float32 values): log_gamma, digamma
`gamma_rises`          x, y: log_gamma_rise = log Γ(x + y) − log Γ(x), digamma_rise, from mpmath with 40
                       digits
`student_t_quantiles`  degrees_of_freedom, level: quantile
`student_t`            degrees_of_freedom, x: cumulative
`normal_quantiles`     level: quantile
`normal`               x: cumulative
`negative_binomial`    mean, dispersion, level: quantile; count: cumulative
"""

import itertools
import json
import pathlib

import mpmath
import numpy
from safetensors.numpy import save_file
from scipy import special, stats

HERE = pathlib.Path(__file__).parent


def columns(rows):
    return [numpy.array(column, numpy.float64) for column in zip(*rows)]


def gamma():
    near = [1 + 2e-7, 1 - 2e-7, 2 + 4e-7, 2 - 2e-7, 1.4616321]
    x = numpy.concatenate([numpy.logspace(-4, 6, 301), near])
    x = x.astype(numpy.float32).astype(numpy.float64)
    return dict(x=x, log_gamma=special.gammaln(x), digamma=special.digamma(x))


def gamma_rises():
    mpmath.mp.dps = 40
    rows = []
    for x, y in itertools.product(numpy.logspace(-3, 12, 31), (0.5, 1.0, 7.0, 300.0, 1e5)):
        x = mpmath.mpf(float(x))
        rows.append((
            x, y, mpmath.loggamma(x + y) - mpmath.loggamma(x),
            mpmath.digamma(x + y) - mpmath.digamma(x)))
    return dict(zip(("x", "y", "log_gamma_rise", "digamma_rise"), columns(rows)))


FREEDOMS = (0.1, 0.3, 0.5, 1, 1.5, 2, 2.7, 3, 5, 10, 30.3, 100, 1000, 9999, 1e4, 1e5, 1e7)


def student_t_quantiles():
    levels = (
        1e-6, 1e-3, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.3, 0.4, 0.49, 0.4999, 0.5, 0.6, 0.75, 0.9,
        0.975, 0.999)
    rows = [(n, p, stats.t.ppf(p, n)) for n, p in itertools.product(FREEDOMS, levels)]
    return dict(zip(("degrees_of_freedom", "level", "quantile"), columns(rows)))


def student_t():
    rows = [
        (n, x, stats.t.cdf(x, n))
        for n, x in itertools.product((0.4, 1, 1.2, 2, 3.5, 10, 130, 1e6), (-7, -1, -0.05, 0, 0.4, 2))]
    return dict(zip(("degrees_of_freedom", "x", "cumulative"), columns(rows)))


def normal_quantiles():
    levels = numpy.array(
        [1e-300, 1e-17, 1e-9, 1e-4, 0.01, 0.025, 0.1, 0.3, 0.49, 0.5, 0.501, 0.7, 0.95, 0.9999])
    return dict(level=levels, quantile=stats.norm.ppf(levels))


def normal():
    x = numpy.array([-7, -2, -0.3, 0, 0.1, 1.7, 4])
    return dict(x=x, cumulative=stats.norm.cdf(x))


def negative_binomial():
    means = (0.01, 0.3, 1.1, 4.7, 33, 400, 12345, 1e6)
    dispersions = (1e-6, 1e-4, 0.01, 0.1, 0.5, 1, 3, 20)
    levels = (0.005, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.995)
    rows = []
    for index, (mean, dispersion, level) in enumerate(
            itertools.product(means, dispersions, levels)):
        size = 1 / dispersion
        distribution = stats.nbinom(size, size / (size + mean))
        count = round(mean * (0, 0.5, 1, 1.3, 2)[index % 5])
        rows.append(
            (mean, dispersion, level, distribution.ppf(level), count, distribution.cdf(count)))
    names = ("mean", "dispersion", "level", "quantile", "count", "cumulative")
    return dict(zip(names, columns(rows)))


if __name__ == "__main__":
    cases, tensors = [], {}
    for make in (
            gamma, gamma_rises, student_t_quantiles, student_t, normal_quantiles, normal,
            negative_binomial):
        cases.append(dict(name=make.__name__))
        tensors.update({f"{make.__name__}/{key}": value for key, value in make().items()})
    path = HERE / "scipy_distributions.safetensors"
    save_file(tensors, path, metadata={"cases": json.dumps(cases, separators=(",", ":"))})
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")
