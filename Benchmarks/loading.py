#!/usr/bin/env python3
"""How long it takes to look into a file of 100 MB, and to take one tensor out of it.

    python3 Benchmarks/loading.py LSTM [--repeat N]

Makes a safetensors file, a PyTorch checkpoint and an .npz of 25 tensors of 4 MB each and one of 4 kB,
and runs `lstm inspect` and `lstm convert` of the small and of a large one: the whole process, from its
start to its end, with the most memory it had (mapped pages that were touched count). The files are in
the page cache. Needs torch, safetensors and numpy.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def make(folder):
    import numpy
    import safetensors.numpy
    import torch

    arrays = {f"layer.{index}": numpy.full((1000, 1000), index, numpy.float32) for index in range(25)}
    arrays["bias"] = numpy.arange(1000, dtype=numpy.float32)
    safetensors.numpy.save_file(arrays, folder / "a.safetensors")
    torch.save({key: torch.from_numpy(value) for key, value in arrays.items()}, folder / "a.pt")
    numpy.savez(folder / "a.npz", **arrays)
    safetensors.numpy.save_file({"bias": arrays["bias"]}, folder / "small.safetensors")


def run(command):
    """Milliseconds, and MB at most."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - start
    assert status == 0, command
    return 1e3 * elapsed, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lstm", nargs="?")
    parser.add_argument("--make", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--repeat", type=int, default=21)
    options = parser.parse_args()
    if options.make:
        make(options.make)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # In a process of its own: what this one had at most, its children would seem to have had.
        subprocess.run([sys.executable, __file__, "--make", name], check=True)
        print(f"{'file':20} {'work':28} {'median ms':>10} {'least ms':>10} {'MB':>6}")
        for file in ("small.safetensors", "a.safetensors", "a.pt", "a.npz"):
            works = {
                "inspect": ["inspect", file],
                "one tensor of 4 kB": ["convert", file, "out.npy", "--tensor", "bias", "--quiet"],
            }
            if file != "small.safetensors":
                works["one tensor of 4 MB"] = [
                    "convert", file, "out.npy", "--tensor", "layer.7", "--quiet"]
            for what, arguments in works.items():
                paths = [str(folder / word) if "." in word and "layer" not in word else word
                         for word in arguments]
                results = [run([options.lstm, *paths]) for _ in range(options.repeat)]
                times = [elapsed for elapsed, _ in results]
                memory = max(memory for _, memory in results)
                print(f"{file:20} {what:28} {statistics.median(times):10.1f} {min(times):10.1f} "
                      f"{memory:6.0f}")


if __name__ == "__main__":
    main()
