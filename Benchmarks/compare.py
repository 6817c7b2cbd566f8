#!/usr/bin/env python3
"""Compares `lstm bench` with PyTorch and ONNX Runtime on this machine: see README.md."""

import argparse
import datetime
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import time

from points import GRID, MEMORY, STEPS, VARIANTS
from report import Section, geometric_mean, milliseconds, rewrite
from timing import fastest, median_ms

MODES = ("step", "forward", "train")
KINDS = (*MODES, "variants", "memory")
SIZES = "T×B×I×H×L"

#: Threads of one library that wait for more work in a loop would slow the next one down.
REST = 0.3


def fail(message, status):
    print(f"compare.py: {message}", file=sys.stderr)
    sys.exit(status)


# MARK: Ours

class Tool:
    def __init__(self, path, precision):
        self.path, self.precision = path, precision

    def bench(self, point, mode, threads, repeat, cell="lstm"):
        arguments = [
            "--mode", mode, "--cell", cell, "--steps", 1 if mode == "step" else point.steps,
            "--batch", point.batch, "--input", point.input, "--hidden", point.hidden,
            "--layers", point.layers, "--threads", threads, "--repeat", repeat,
            "--precision", self.precision, "--json"]
        run = subprocess.run([self.path, "bench", *map(str, arguments)],
                             capture_output=True, text=True)
        if run.returncode != 0:
            fail(run.stderr.strip() or f"{self.path} ended with {run.returncode}", 70)
        return json.loads(run.stdout)


def repeats(point, mode):
    """Runs that take about half a second in all."""
    return max(3, min(300, int(40 / (point.gigaflop(mode == "train") + 0.1))))


# MARK: What is compared

def in_turn(ours, peers, rounds):
    """Ours and each peer in turn: a list of (our result, [each peer's median]) for each round."""
    pairs = []
    for _ in range(rounds):
        time.sleep(REST)
        result = ours()
        times = []
        for peer in peers:
            time.sleep(REST)
            times.append(peer())
        pairs.append((result, times))
    return pairs


def ratio_of(pairs):
    """How often ours goes while the faster of the others goes once: the median of the pairs."""
    return statistics.median(min(times) / result["median_ms"] for result, times in pairs)


def compare(tool, mode, threads, points, rounds):
    """One mode on the grid."""
    import torch

    import peers

    torch.set_num_threads(threads)
    names = ["PyTorch"]
    if mode != "train" and tool.precision != "bfloat16":
        if importlib.util.find_spec("onnxruntime") and importlib.util.find_spec("onnx"):
            names.append("ONNX Runtime")
        else:
            print("compare.py: no ONNX Runtime: pip install onnxruntime onnx", file=sys.stderr)
    section = Section(
        title(mode, threads, tool.precision),
        [SIZES, "ours ms", *(f"{name} ms" for name in names), "ratio", "GFLOP/s", "of peak"])
    section.start()
    ratios = []
    for point in points:
        count = repeats(point, mode)
        works = [fastest(peers.pytorch(point, mode, tool.precision))]
        if len(names) > 1:
            works.append(fastest(peers.onnx_runtime(point, mode, threads)))
        pairs = in_turn(
            lambda: tool.bench(point, mode, threads, count),
            [lambda work=work: median_ms(work, count) for work in works], rounds)
        ours, theirs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        ratios.append(ratio_of(pairs))
        section.add([
            str(point), milliseconds(statistics.median(result["median_ms"] for result in ours)),
            *(milliseconds(statistics.median(times)) for times in zip(*theirs)),
            f"{ratios[-1]:.2f}",
            f"{statistics.median(result['gflops'] for result in ours):.1f}",
            f"{statistics.median(result['fraction_of_peak'] for result in ours):.0%}"])
    section.end(f"Geometric mean of the ratios {geometric_mean(ratios):.2f}, "
                f"least {min(ratios):.2f}.")
    return section


def compare_variants(tool, threads, points, rounds):
    """A training step of cells that PyTorch does not have, against modules written in it."""
    import torch

    import variants

    torch.set_num_threads(threads)
    section = Section(
        title("variants", threads, tool.precision),
        [SIZES, "cell", "ours ms", "eager ms", "scripted ms", "over eager", "over scripted"])
    section.start()
    over = [[], []]
    for point in points:
        for cell, (name, _) in variants.CELLS.items():
            count = max(3, repeats(point, "train") // 8)
            works = [variants.training(cell, point, scripted) for scripted in (False, True)]
            pairs = in_turn(
                lambda: tool.bench(point, "train", threads, count, cell),
                # TorchScript looks at the first few runs before it compiles.
                [lambda work=work: (work(), work(), median_ms(work, count))[-1] for work in works],
                rounds)
            ratios = [
                statistics.median(times[index] / result["median_ms"] for result, times in pairs)
                for index in range(2)]
            for index in range(2):
                over[index].append(ratios[index])
            section.add([
                str(point), name,
                milliseconds(statistics.median(result["median_ms"] for result, _ in pairs)),
                *(milliseconds(statistics.median(times)) for times in zip(*(t for _, t in pairs))),
                *(f"{ratio:.2f}" for ratio in ratios)])
    section.end(f"Geometric mean {geometric_mean(over[0]):.2f} over eager, "
                f"{geometric_mean(over[1]):.2f} over scripted; least {min(over[0]):.2f} "
                f"and {min(over[1]):.2f}.")
    return section


def compare_memory(tool, threads, points):
    """The most memory of a whole process that trains, each in a fresh one."""
    section = Section(
        title("memory", threads, tool.precision),
        [SIZES, "ours MB", "PyTorch MB", "ours / PyTorch"])
    section.start()
    ratios = []
    for point in points:
        ours = tool.bench(point, "train", threads, 3)["peak_rss_mb"]
        sizes = ",".join(map(str, point))
        run = subprocess.run(
            [sys.executable, __file__, "--train-only", sizes, "--threads", str(threads)],
            capture_output=True, text=True)
        if run.returncode != 0:
            fail(run.stderr.strip(), 70)
        theirs = float(run.stdout)
        ratios.append(ours / theirs)
        section.add([str(point), f"{ours:.0f}", f"{theirs:.0f}", f"{ratios[-1]:.2f}"])
    section.end(f"Largest share {max(ratios):.2f}. MB of 2^20 bytes; all that a process needs.")
    return section


def train_only(point, threads):
    """What the process for `compare_memory` does; prints the most memory it has had, in MB."""
    import torch

    torch.set_num_threads(threads)
    model = torch.nn.LSTM(point.input, point.hidden, point.layers)
    x = torch.randn(point.steps, point.batch, point.input)
    for _ in range(6):
        model.zero_grad(set_to_none=True)
        model(x)[0].sum().backward()
    print(peak_memory())


def peak_memory():
    """The most resident memory of this process, in MB of 2^20 bytes."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


# MARK: The machine

def title(kind, threads, precision):
    words = {"step": "One step", "forward": "Forward", "train": "Training step",
             "variants": "Variants, a training step", "memory": "Memory while training"}
    return f"{words[kind]}, {threads} thread{'s' if threads > 1 else ''}, {precision}"


def processor():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file
                     if line.startswith("model name")]
        return f"{names[0]}, {len(names)} processors"
    except (OSError, IndexError):
        return f"{platform.processor() or platform.machine()}, {os.cpu_count()} processors"


def setting(tool):
    """What a table was made with."""
    def version(package):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            return "absent"

    ours = subprocess.run([tool.path, "--version"], capture_output=True, text=True).stdout.strip()
    here = os.path.dirname(os.path.abspath(__file__))
    commit = subprocess.run(["git", "-C", here, "rev-parse", "--short", "HEAD"],
                            capture_output=True, text=True).stdout.strip()
    isa = tool.bench(GRID[0], "forward", 1, 1)["configuration"]["isa"]
    return (f"{datetime.date.today()}, {processor()}, {isa}; lstm {ours}"
            + (f" ({commit})" if commit else "")
            + f", PyTorch {version('torch')}, ONNX Runtime {version('onnxruntime')}, "
            f"Python {platform.python_version()}.")


# MARK: Options

def numbers(text):
    return [int(word) for word in text.split(",")]


def arguments():
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(
        description="Compares lstm with PyTorch and ONNX Runtime, in turn on this machine.")
    parser.add_argument(
        "what", nargs="*", metavar="KIND",
        help=f"what to compare: {', '.join(KINDS)}; default: all of them")
    parser.add_argument(
        "--tool", default=os.path.join(here, "..", ".build", "release", "lstm"),
        help="the lstm to time; default: that of a release build")
    parser.add_argument("--threads", default="1,2", help="numbers of threads; default: 1,2")
    parser.add_argument(
        "--precision", default="float32", choices=("float32", "high", "bfloat16"),
        help="how exactly lstm multiplies; bfloat16 is compared with PyTorch's own bfloat16")
    parser.add_argument(
        "--points", help="which sizes, by their place, 1 to %d; default: as README.md says"
        % len(GRID))
    parser.add_argument("--rounds", type=int, default=5, help="pairs of runs; default: 5")
    parser.add_argument("--markdown", metavar="FILE", help="put the tables into this file as well")
    parser.add_argument("--train-only", help=argparse.SUPPRESS)
    given = parser.parse_args()
    for kind in given.what:
        if kind not in KINDS:
            fail(f"\"{kind}\" is none of {', '.join(KINDS)}", 64)
    try:
        given.threads = numbers(given.threads)
        given.points = given.points and [GRID[place - 1] for place in numbers(given.points)
                                         if place > 0 or fail("--points begin with 1", 64)]
    except (ValueError, IndexError):
        fail(f"--threads and --points are numbers with commas; there are {len(GRID)} points", 64)
    if min(given.threads) < 1 or given.rounds < 1:
        fail("--threads and --rounds are at least 1", 64)
    return given


def main():
    given = arguments()
    if not importlib.util.find_spec("torch"):
        fail("PyTorch is not installed: pip install torch==2.13.0+cpu onnxruntime onnx", 69)
    if given.train_only:
        from points import Point
        return train_only(Point(*numbers(given.train_only)), given.threads[0])
    tool = Tool(given.tool, given.precision)
    if not os.access(tool.path, os.X_OK):
        fail(f"no {tool.path}: swift build -c release --product lstm, or name it with --tool", 66)
    for threads in given.threads:
        for kind in given.what or KINDS:
            if kind == "memory":
                section = compare_memory(tool, threads, given.points or MEMORY)
            elif kind == "variants":
                section = compare_variants(tool, threads, given.points or VARIANTS, given.rounds)
            else:
                default = STEPS if kind == "step" else GRID
                section = compare(tool, kind, threads, given.points or default, given.rounds)
            # After each, so that what is done is there should the next be interrupted.
            if given.markdown:
                rewrite(given.markdown, [section], setting(tool))
    if not given.markdown:
        print(f"\n{setting(tool)}")


if __name__ == "__main__":
    main()
