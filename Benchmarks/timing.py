"""Timing as `lstm bench` times: medians of runs, each of as many iterations as the clock needs."""

import statistics
import time

#: What a run takes at least, in seconds.
SHORTEST_RUN = 0.2e-3


def median_ms(work, count):
    """The median of `count` runs after two that are not timed, in milliseconds an iteration."""
    work()
    work()
    iterations = 1
    while _run(work, iterations) < SHORTEST_RUN:
        iterations *= 2
    runs = [_run(work, iterations) / iterations for _ in range(count)]
    return statistics.median(runs) * 1e3


def fastest(works):
    """The one of several ways to do the same work that takes the least time here."""
    if len(works) == 1:
        return works[0]
    once = median_ms(works[0], 1)
    count = max(1, min(30, int(100 / once)))
    return min(works, key=lambda work: min(median_ms(work, count) for _ in range(2)))


def _run(work, iterations):
    start = time.perf_counter()
    for _ in range(iterations):
        work()
    return time.perf_counter() - start
