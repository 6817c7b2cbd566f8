"""The sizes that everything is compared at."""

from typing import NamedTuple


class Point(NamedTuple):
    """Time steps, rows of the batch, input features, units of a layer, layers."""

    steps: int
    batch: int
    input: int
    hidden: int
    layers: int

    def __str__(self):
        return "×".join(map(str, self))

    def gigaflop(self, training):
        """Floating-point operations of the matrix products, roughly: to choose how often to run."""
        columns = sum((self.input if layer == 0 else self.hidden) + self.hidden
                      for layer in range(self.layers))
        forward = 8e-9 * self.steps * self.batch * self.hidden * columns
        return 3 * forward if training else forward


GRID = [Point(*sizes) for sizes in (
    (1, 1, 64, 64, 1), (1, 1, 256, 256, 2), (100, 1, 64, 128, 1), (100, 1, 256, 512, 1),
    (100, 32, 64, 128, 1), (100, 32, 256, 512, 1), (100, 64, 512, 1024, 1), (35, 20, 200, 200, 2),
    (35, 20, 650, 650, 2), (168, 32, 8, 64, 2), (784, 128, 1, 128, 1))]

#: Those of the grid that are single steps.
STEPS = [point for point in GRID if point.steps == 1]

#: Where variants are trained: a loop over time in Python takes long elsewhere, and says no more.
VARIANTS = [GRID[2], GRID[4], GRID[5], GRID[7], GRID[9]]

#: Where the memory of a training process is compared.
MEMORY = [GRID[5], GRID[6], GRID[8], GRID[10]]
