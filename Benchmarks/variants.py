"""Cells that PyTorch does not have, written in PyTorch as one would who needs them fast.

The products of the input are made for all steps at once, biases are one where two would add
nothing, and the loop over time has only what depends on the step before.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, linear


class _Layer(nn.Module):
    def __init__(self, features: int, hidden: int, sections: int):
        super().__init__()
        self.hidden = hidden
        self.weight_ih = nn.Parameter(0.1 * torch.randn(sections * hidden, features))
        self.weight_hh = nn.Parameter(0.1 * torch.randn(sections * hidden, hidden))
        self.bias = nn.Parameter(torch.zeros(sections * hidden))


class _MemoryLayer(_Layer):
    """A layer with a memory cell: its kinds say what a step makes of the sums, h and c."""

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[1], self.hidden)
        c = torch.zeros(x.shape[1], self.hidden)
        recurrent = self.weight_hh.t()
        outputs: list[Tensor] = []
        for sums in self.input_sums(x).unbind(0):
            h, c = self.step(sums, recurrent, h, c)
            outputs.append(h)
        return torch.stack(outputs)

    def input_sums(self, x: Tensor) -> Tensor:
        return linear(x, self.weight_ih, self.bias)


class Peephole(_MemoryLayer):
    """i, f and o see the memory cell (Gers & Schmidhuber 2000)."""

    def __init__(self, features: int, hidden: int):
        super().__init__(features, hidden, 4)
        self.peephole_i = nn.Parameter(0.1 * torch.randn(hidden))
        self.peephole_f = nn.Parameter(0.1 * torch.randn(hidden))
        self.peephole_o = nn.Parameter(0.1 * torch.randn(hidden))

    def step(
        self, sums: Tensor, recurrent: Tensor, h: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        i, f, g, o = torch.addmm(sums, h, recurrent).chunk(4, 1)
        i = torch.sigmoid(i + self.peephole_i * c)
        f = torch.sigmoid(f + self.peephole_f * c)
        c = f * c + i * torch.tanh(g)
        o = torch.sigmoid(o + self.peephole_o * c)
        return o * torch.tanh(c), c


class Coupled(_MemoryLayer):
    """f = 1 - i (Greff et al. 2015)."""

    def __init__(self, features: int, hidden: int):
        super().__init__(features, hidden, 3)

    def step(
        self, sums: Tensor, recurrent: Tensor, h: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        i, g, o = torch.addmm(sums, h, recurrent).chunk(3, 1)
        c = torch.lerp(c, torch.tanh(g), torch.sigmoid(i))
        return torch.sigmoid(o) * torch.tanh(c), c


class LayerNorm(_MemoryLayer):
    """Both products and the memory cell normalised (Ba et al. 2016, in Haste's layout)."""

    def __init__(self, features: int, hidden: int):
        super().__init__(features, hidden, 4)
        self.gain_ih = nn.Parameter(torch.ones(4 * hidden))
        self.gain_hh = nn.Parameter(torch.ones(4 * hidden))
        self.gain_c = nn.Parameter(torch.ones(hidden))
        self.shift_c = nn.Parameter(torch.zeros(hidden))

    def input_sums(self, x: Tensor) -> Tensor:
        wide = [4 * self.hidden]
        return layer_norm(linear(x, self.weight_ih), wide, self.gain_ih) + self.bias

    def step(
        self, sums: Tensor, recurrent: Tensor, h: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        products = layer_norm(h @ recurrent, [4 * self.hidden], self.gain_hh)
        i, f, g, o = (sums + products).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        shown = layer_norm(c, [self.hidden], self.gain_c, self.shift_c)
        return torch.sigmoid(o) * torch.tanh(shown), c


class MinimalGatedUnit(_Layer):
    """The README's cell of one's own (Zhou et al. 2016)."""

    def __init__(self, features: int, hidden: int):
        super().__init__(features, hidden, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(x.shape[1], self.hidden)
        gate, candidate = self.weight_hh.t().chunk(2, 1)
        outputs: list[Tensor] = []
        for sums in linear(x, self.weight_ih, self.bias).unbind(0):
            a, b = sums.chunk(2, 1)
            f = torch.sigmoid(torch.addmm(a, h, gate))
            h = torch.lerp(h, torch.tanh(torch.addmm(b, f * h, candidate)), f)
            outputs.append(h)
        return torch.stack(outputs)


#: Our name of each cell, what it is, and PyTorch's module.
CELLS = {
    "lstm-peephole": ("peepholes", Peephole),
    "lstm-coupled": ("coupled gates", Coupled),
    "lstm-layernorm": ("layer normalisation", LayerNorm),
    "mgu": ("a user's own", MinimalGatedUnit),
}


def training(cell, point, scripted):
    """A training step as `lstm bench` has it: forward, and the gradient of the outputs' sum."""
    module = CELLS[cell][1]
    model = nn.Sequential(*(
        module(point.input if layer == 0 else point.hidden, point.hidden)
        for layer in range(point.layers)))
    if scripted:
        model = torch.jit.script(model)
    x = torch.randn(point.steps, point.batch, point.input)

    def train():
        model.zero_grad(set_to_none=True)
        model(x).sum().backward()

    return train
