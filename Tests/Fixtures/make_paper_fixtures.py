#!/usr/bin/env python3
"""Golden values of the cells that no library has, or none with gradients: their papers' equations
written down once more, in float64, with gradients by automatic differentiation.

    pip install torch==2.13.0+cpu safetensors numpy
    python3 make_paper_fixtures.py            # writes paper_cells.safetensors beside itself

Nothing here follows the package's own code: each step below is the paper's, or the library's that
its comment names, in PyTorch's words. Only the names and the order of the parameters are the
package's, for the tests to find them.

The file's metadata has one key, `cases`: a JSON array with an object for each case, whose `name` is
the prefix of its tensors. All of them are float64.

    `cell`         the cell, as the command names it
    `parameters`   their names; number p is wave(shape, 0.5, p)
    `states`       their names, in the package's order
    `zoneout`      the probabilities, by state, where there are any
    input          [steps, batch, input_size] = wave(., 1.0, 100)
    loss           sum(output * wave(., 1, 400)) + sum(state k * wave(., 1, 500 + 100 k)), k = 0, 1, ...
    stored         output [steps, batch, .]; final/STATE and, unless the case starts from zero,
                   initial/STATE, both [layers, batch, .]; grad/PARAMETER, grad/input,
                   grad/initial/STATE; mask/zoneout_STATE [steps, batch, .], where masks are given

    wave(shape, scale, phase)[k] = float32(scale * cos(0.1 * k * k + phase)), as in
    make_pytorch_fixtures.py.
"""

import json
import math
import pathlib

import numpy
import torch
from safetensors.numpy import save_file
from torch import exp, sigmoid, tanh
from torch.nn.functional import layer_norm, linear, logsigmoid

HERE = pathlib.Path(__file__).parent


def wave(shape, scale, phase):
    values = [scale * math.cos(0.1 * k * k + phase) for k in range(math.prod(shape))]
    single = torch.tensor(values, dtype=torch.float64).to(torch.float32)
    return single.to(torch.float64).reshape(list(shape))


# A step takes the parameters of its layer by name, the input [batch, .], the states of the step
# before by name, and the states of the layer below after this step (None in the lowest). It gives
# the output and the states.


def affine(p, x, h, infix=""):
    """W x + b + R h + b'"""
    return linear(x, p[f"weight_{infix}ih"], p[f"bias_{infix}ih"]) + linear(
        h, p[f"weight_{infix}hh"], p[f"bias_{infix}hh"])


def affine_shapes(sections, features, hidden, recurrent=None, infix=""):
    rows = sections * hidden
    return {
        f"weight_{infix}ih": [rows, features], f"weight_{infix}hh": [rows, recurrent or hidden],
        f"bias_{infix}ih": [rows], f"bias_{infix}hh": [rows],
    }


# Greff et al. 2015, section 3 and appendix A: the vanilla LSTM with peepholes and its variants.
# Sak et al. 2014: the recurrent projection. Yao et al. 2015: the depth gate.


class LSTM:
    """`gates` are those with sums of their own; `coupled` says which other gate is 1 - a gate."""

    def __init__(
            self, gates="ifo", peepholes=None, coupled=None, full_peepholes=False, projection=None,
            g=tanh, h=tanh, gate_recurrence=False, depth=None):
        self.gates, self.coupled, self.projection = gates, coupled, projection
        self.peepholes = gates if peepholes is None else peepholes
        self.full_peepholes, self.depth = full_peepholes, depth
        self.g, self.h, self.gate_recurrence = g, h, gate_recurrence
        self.sections = [name for name in "ifgo" if name == "g" or name in gates]

    def states(self, hidden):
        sizes = {"h": self.projection or hidden, "c": hidden}
        return sizes | ({gate: hidden for gate in "ifo"} if self.gate_recurrence else {})

    def shapes(self, features, hidden, layer):
        found = affine_shapes(len(self.sections), features, hidden, self.projection)
        for gate in self.peepholes:
            if self.full_peepholes:
                found[f"weight_peephole_{gate}"] = [hidden, hidden]
            else:
                found[f"peephole_{gate}"] = [hidden]
        if self.gate_recurrence:
            found |= {f"weight_hh_{gate}": [3 * hidden, hidden] for gate in "ifo"}
        if self.projection:
            found["weight_hr"] = [self.projection, hidden]
        if self.depth == "all" or (self.depth and layer > 0):
            found |= {"weight_d": [hidden, features], "bias_d": [hidden], "peephole_d": [hidden]}
            if layer > 0:
                found["peephole_d_below"] = [hidden]
            else:
                found["weight_below"] = [hidden, features]
        return found

    def __call__(self, p, x, states, below):
        y, c = states["h"], states["c"]
        sums = dict(zip(self.sections, affine(p, x, y).chunk(len(self.sections), dim=1)))
        if self.gate_recurrence:
            for source in "ifo":
                added = linear(states[source], p[f"weight_hh_{source}"]).chunk(3, dim=1)
                for gate, value in zip("ifo", added):
                    sums[gate] = sums[gate] + value

        def gate(name, memory):
            if name not in self.gates:
                return torch.ones_like(c)
            total = sums[name]
            if name in self.peepholes:
                if self.full_peepholes:
                    total = total + memory @ p[f"weight_peephole_{name}"].T
                else:
                    total = total + p[f"peephole_{name}"] * memory
            return sigmoid(total)

        i = gate("i", c)
        f = gate("f", c)
        if self.coupled == "f":
            f = 1 - i
        if self.coupled == "i":
            i = 1 - f
        memory = f * c + i * self.g(sums["g"])
        if "weight_d" in p:
            total = linear(x, p["weight_d"], p["bias_d"]) + p["peephole_d"] * c
            if below is None:
                lower = x @ p["weight_below"].T
            else:
                lower = below["c"]
                total = total + p["peephole_d_below"] * lower
            memory = memory + sigmoid(total) * lower
        o = gate("o", memory)
        y = o * self.h(memory)
        if self.projection:
            y = y @ p["weight_hr"].T
        return y, {"h": y, "c": memory} | (
            {"i": i, "f": f, "o": o} if self.gate_recurrence else {})


class LayerNormLSTM:
    """Haste, frameworks/pytorch/layer_norm_lstm.py; TensorFlow Addons, layer_norm_lstm_cell.py."""

    def __init__(self, layout):
        self.addons = layout == "tf-addons"

    def states(self, hidden):
        return {"h": hidden, "c": hidden}

    def shapes(self, features, hidden, layer):
        found = affine_shapes(4, features, hidden)
        del found["bias_hh"]
        for place in ("ih", "hh"):
            for kind in ("gain", "shift") if self.addons else ("gain",):
                found |= {f"{kind}_{place}_{gate}": [hidden] for gate in "ifgo"}
        return found | {"gain_c": [hidden], "shift_c": [hidden]}

    def __call__(self, p, x, states, below):
        epsilon = 1e-3 if self.addons else 1e-5
        size = states["c"].shape[1]

        def normal(value, place):
            gain = torch.cat([p[f"gain_{place}_{gate}"] for gate in "ifgo"])
            shift = torch.cat(
                [p[f"shift_{place}_{gate}"] for gate in "ifgo"]) if self.addons else None
            return layer_norm(value, [4 * size], gain, shift, epsilon)

        v = normal(x @ p["weight_ih"].T, "ih") + normal(states["h"] @ p["weight_hh"].T, "hh")
        i, f, g, o = (v + p["bias_ih"]).chunk(4, dim=1)
        c = sigmoid(f) * states["c"] + sigmoid(i) * tanh(g)
        shown = layer_norm(c, [size], p["gain_c"], p["shift_c"], epsilon)
        h = sigmoid(o) * tanh(shown)
        return h, {"h": h, "c": shown if self.addons else c}


class Simple:
    """A cell whose only state is h, as a function of parameters, input and h."""

    def __init__(self, shapes, step):
        self._shapes, self._step = shapes, step

    def states(self, hidden):
        return {"h": hidden}

    def shapes(self, features, hidden, layer):
        return self._shapes(features, hidden)

    def __call__(self, p, x, states, below):
        h = self._step(p, x, states["h"])
        return h, {"h": h}


def two_maps(features, hidden, first):
    return affine_shapes(first, features, hidden) | affine_shapes(1, features, hidden, infix="n_")


def gru_reset_before(p, x, h):
    """Cho et al. 2014, version 3."""
    r, z = sigmoid(affine(p, x, h)).chunk(2, dim=1)
    return z * h + (1 - z) * tanh(affine(p, x, r * h, "n_"))


def gru_layer_norm(p, x, h):
    """Haste, frameworks/pytorch/layer_norm_gru.py, in PyTorch's order of gates."""
    size = 3 * h.shape[1]
    gain = {place: torch.cat([p[f"gain_{place}_{gate}"] for gate in "rzn"])
            for place in ("ih", "hh")}
    wx = layer_norm(x @ p["weight_ih"].T, [size], gain["ih"]) + p["bias_ih"]
    rh = layer_norm(h @ p["weight_hh"].T, [size], gain["hh"]) + p["bias_hh"]
    (xr, xz, xn), (hr, hz, hn) = wx.chunk(3, dim=1), rh.chunk(3, dim=1)
    z = sigmoid(xz + hz)
    return z * h + (1 - z) * tanh(xn + sigmoid(xr + hr) * hn)


def gru_layer_norm_shapes(features, hidden):
    gains = {f"gain_{place}_{gate}": [hidden] for place in ("ih", "hh") for gate in "rzn"}
    return affine_shapes(3, features, hidden) | gains


def mgu(p, x, h):
    """Zhou et al. 2016, equations 6."""
    f = sigmoid(affine(p, x, h))
    return (1 - f) * h + f * tanh(affine(p, x, f * h, "n_"))


def janet(beta):
    def step(p, x, h):
        """van der Westhuizen & Lasenby 2018, equations 4."""
        s, candidate = affine(p, x, h).chunk(2, dim=1)
        return sigmoid(s) * h + (1 - sigmoid(s - beta)) * tanh(candidate)
    return step


def ugrnn(p, x, h):
    """Collins et al. 2016, equations 8."""
    g, candidate = affine(p, x, h).chunk(2, dim=1)
    return sigmoid(g) * h + (1 - sigmoid(g)) * tanh(candidate)


def indrnn(function):
    def step(p, x, h):
        """Li et al. 2018, equation 2."""
        return function(linear(x, p["weight_ih"], p["bias_ih"]) + p["recurrent"] * h)
    return step


def indrnn_shapes(features, hidden):
    return {"weight_ih": [hidden, features], "bias_ih": [hidden], "recurrent": [hidden]}


def positive(x):
    """Feng et al. 2024, appendix B."""
    return torch.where(x >= 0, x + 0.5, sigmoid(x))


def min_gru(function):
    def step(p, x, h):
        """Feng et al. 2024, section 3.1."""
        z, candidate = linear(x, p["weight_ih"], p["bias_ih"]).chunk(2, dim=1)
        return (1 - sigmoid(z)) * h + sigmoid(z) * function(candidate)
    return step


def min_lstm(function):
    def step(p, x, h):
        """Feng et al. 2024, section 3.2."""
        f, i, candidate = linear(x, p["weight_ih"], p["bias_ih"]).chunk(3, dim=1)
        f, i = sigmoid(f), sigmoid(i)
        return f / (f + i) * h + i / (f + i) * function(candidate)
    return step


def input_only(sections):
    return lambda features, hidden: {
        "weight_ih": [sections * hidden, features], "bias_ih": [sections * hidden]}


class Clockwork:
    """Koutnik et al. 2014, modules from the fastest to the slowest."""

    def __init__(self, periods, start):
        self.periods, self.start = periods, start

    def states(self, hidden):
        return {"h": hidden, "clock": 1}

    def shapes(self, features, hidden, layer):
        return affine_shapes(1, features, hidden)

    def __call__(self, p, x, states, below):
        h, clock = states["h"], states["clock"]
        count = len(self.periods)
        size = h.shape[1] // count
        modules = list(h.split(size, dim=1))
        after = []
        for k, period in enumerate(self.periods):
            rows = slice(k * size, (k + 1) * size)
            total = linear(x, p["weight_ih"][rows], p["bias_ih"][rows]) + p["bias_hh"][rows]
            for j in range(k, count):
                total = total + modules[j] @ p["weight_hh"][rows, j * size:(j + 1) * size].T
            live = torch.remainder(clock + self.start, period) == 0
            after.append(torch.where(live, tanh(total), modules[k]))
        h = torch.cat(after, dim=1)
        return h, {"h": h, "clock": clock + 1}


class SLSTM:
    """Beck et al. 2024, equations 8 to 17 with the stabiliser of 15 to 17; heads by blocks of R."""

    def __init__(self, heads):
        self.heads = heads

    def states(self, hidden):
        return {"h": hidden, "c": hidden, "n": hidden, "m": hidden}

    def shapes(self, features, hidden, layer):
        found = affine_shapes(4, features, hidden)
        del found["bias_hh"]
        return found

    def __call__(self, p, x, states, below):
        h, c, n = states["h"], states["c"], states["n"]
        batch, hidden = h.shape
        width = hidden // self.heads
        r = p["weight_hh"].reshape(4, self.heads, width, self.heads, width)
        own = torch.stack([r[:, k, :, k, :] for k in range(self.heads)], dim=1)
        seen = torch.einsum("gkij,bkj->bgki", own, h.reshape(batch, self.heads, width))
        total = linear(x, p["weight_ih"], p["bias_ih"]) + seen.reshape(batch, 4 * hidden)
        i, f, z, o = total.chunk(4, dim=1)
        # What has not begun has no bound yet.
        m = torch.where(n == 0, torch.full_like(n, -math.inf), states["m"])
        bound = torch.maximum(logsigmoid(f) + m, i)
        entering, kept = exp(i - bound), exp(logsigmoid(f) + m - bound)
        c = kept * c + entering * tanh(z)
        n = kept * n + entering
        h = sigmoid(o) * c / n
        return h, {"h": h, "c": c, "n": n, "m": bound}


class MLSTM:
    """Beck et al. 2024, equations 19 to 27."""

    def __init__(self, heads):
        self.heads = heads

    def states(self, hidden):
        width = hidden // self.heads
        return {"C": self.heads * width * width, "n": hidden, "m": self.heads}

    def shapes(self, features, hidden, layer):
        return {
            "weight_ih": [4 * hidden, features], "bias_ih": [4 * hidden],
            "weight_gates": [2 * self.heads, features], "bias_gates": [2 * self.heads]}

    def sums(self, p, x):
        """q, k, v [..., heads, width], the output gate's, and those of i and f [..., heads]."""
        q, k, v, o = linear(x, p["weight_ih"], p["bias_ih"]).chunk(4, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)) for part in (q, k, v))
        i, f = linear(x, p["weight_gates"], p["bias_gates"]).chunk(2, dim=-1)
        return q, k / math.sqrt(k.shape[-1]), v, o, i, f

    def __call__(self, p, x, states, below):
        q, k, v, o, i, f = self.sums(p, x)
        width = q.shape[-1]
        memory = states["C"].unflatten(-1, (self.heads, width, width))
        n, m = states["n"].unflatten(-1, (self.heads, width)), states["m"]
        bound = torch.maximum(logsigmoid(f) + m, i)
        entering, kept = exp(i - bound), exp(logsigmoid(f) + m - bound)
        memory = kept[..., None, None] * memory + entering[..., None, None] * (
            k[..., :, None] * v[..., None, :])
        n = kept[..., None] * n + entering[..., None] * k
        read = torch.einsum("bhk,bhkv->bhv", q, memory)
        weight = torch.maximum((q * n).sum(-1).abs(), exp(-bound))
        h = sigmoid(o) * (read / weight[..., None]).flatten(-2)
        return h, {"C": memory.flatten(-3), "n": n.flatten(-2), "m": bound}

    def parallel(self, p, x):
        """All steps at once, from nothing: Beck et al. 2024, appendix A.3."""
        q, k, v, o, i, f = self.sums(p, x)
        steps = x.shape[0]
        total = logsigmoid(f).cumsum(0)
        # [t, s, batch, heads]: the sum of log f over s < j <= t, and i of s
        d = total[:, None] - total[None] + i[None]
        later = torch.ones(steps, steps, dtype=torch.bool).triu(1)
        d = d.masked_fill(later[:, :, None, None], -math.inf)
        m = d.amax(1)
        scores = torch.einsum("tbhk,sbhk->tsbh", q, k) * exp(d - m[:, None])
        weight = torch.maximum(scores.sum(1).abs(), exp(-m))
        read = torch.einsum("tsbh,sbhv->tbhv", scores, v)
        return sigmoid(o) * (read / weight[..., None]).flatten(-2)


# Krueger et al. 2017, equations 2 and 3: with masks that keep the old value where they are 0, or
# without, the expectation. h is made of the memory cell before zoneout.


class Zoneout:
    def __init__(self, inner, probabilities, masks=None):
        self.inner, self.probabilities, self.masks = inner, probabilities, masks
        self.step = 0

    def states(self, hidden):
        return self.inner.states(hidden)

    def shapes(self, features, hidden, layer):
        return self.inner.shapes(features, hidden, layer)

    def __call__(self, p, x, states, below):
        _, after = self.inner(p, x, states, below)
        for state, probability in self.probabilities.items():
            if self.masks:
                mask = self.masks[state][self.step]
                after[state] = (after[state] - states[state]) * mask + states[state]
            else:
                after[state] = probability * states[state] + (1 - probability) * after[state]
        self.step += 1
        return after["h"], after


# Running


def run(cell, step, *, layers=1, initial=False, steps=5, batch=3, features=4, hidden=7):
    case = dict(
        cell=cell, layers=layers, steps=steps, batch=batch, input_size=features,
        hidden_size=hidden)
    sizes = step.states(hidden)
    case["states"] = list(sizes)
    size = sizes.get("h", hidden)

    parameters, phase = [], 0
    for layer in range(layers):
        own = {}
        for name, shape in step.shapes(size if layer else features, hidden, layer).items():
            own[name] = wave(shape, 0.5, phase).requires_grad_()
            phase += 1
        parameters.append(own)
    named = {
        f"{name}_l{layer}": value for layer, own in enumerate(parameters)
        for name, value in own.items()}
    case["parameters"] = list(named)

    source = wave([steps, batch, features], 1.0, 100).requires_grad_()
    start = {}
    for index, (state, width) in enumerate(sizes.items()):
        shape = [layers, batch, width]
        if not initial:
            start[state] = torch.zeros(shape, dtype=torch.float64)
        elif state == "clock":
            # Rows that have taken 0, 1, 2, ... steps.
            start[state] = torch.arange(batch, dtype=torch.float64).reshape(1, batch, 1)
        else:
            start[state] = wave(shape, 0.5, 200 + 100 * index)
            if isinstance(step, SLSTM) and state == "n":
                start[state] = start[state] + 1
                start[state] = start[state].to(torch.float32).to(torch.float64)
        start[state].requires_grad_()

    states = [{state: value[layer] for state, value in start.items()} for layer in range(layers)]
    outputs = []
    for x in source:
        below = None
        for layer in range(layers):
            x, states[layer] = step(parameters[layer], x, states[layer], below)
            below = states[layer]
        outputs.append(x)
    output = torch.stack(outputs)
    final = {state: torch.stack([own[state] for own in states]) for state in sizes}
    if isinstance(step, MLSTM) and not initial:
        apart = (step.parallel(parameters[0], source) - output).abs().max()
        assert apart < 1e-12, f"the parallel form is {apart} apart"

    loss = (output * wave(output.shape, 1, 400)).sum()
    for index, value in enumerate(final.values()):
        loss = loss + (value * wave(value.shape, 1, 500 + 100 * index)).sum()
    loss.backward()

    found = {"output": output, "grad/input": source.grad}
    found |= {f"final/{state}": value for state, value in final.items()}
    found |= {f"grad/{name}": value.grad for name, value in named.items()}
    if initial:
        found |= {f"initial/{state}": value for state, value in start.items()}
        found |= {f"grad/initial/{state}": value.grad for state, value in start.items()}
    if isinstance(step, Zoneout):
        case["zoneout"] = step.probabilities
        for state, mask in (step.masks or {}).items():
            found[f"mask/zoneout_{state}"] = mask
    return case, found


def zoneout_masks(steps=5, batch=3, hidden=7):
    """Some kept, some not, in no order."""
    return {
        state: (wave([steps, batch, hidden], 1, phase) > threshold).to(torch.float64)
        for state, phase, threshold in (("c", 700, 0.3), ("h", 701, -0.5))}


def cases():
    yield run("lstm-peephole", LSTM(), initial=True)
    yield run("lstm-peephole:full-peepholes=yes", LSTM(full_peepholes=True), initial=True)
    yield run("lstm-peephole:projection=3", LSTM(projection=3), initial=True)
    yield run("lstm-coupled:peepholes=i+o", LSTM("io", coupled="f"), initial=True)
    yield run("lstm:coupled=i=1-f,peepholes=f+o", LSTM("fo", coupled="i"), initial=True)
    yield run("lstm-no-input-gate", LSTM("fo"), initial=True)
    yield run("lstm-no-forget-gate", LSTM("io"), initial=True)
    yield run("lstm-no-output-gate", LSTM("if"), initial=True)
    yield run("lstm-no-input-activation", LSTM(g=lambda x: x), initial=True)
    yield run("lstm-no-output-activation", LSTM(h=lambda x: x), initial=True)
    yield run("lstm-full-gate-recurrence", LSTM(gate_recurrence=True), initial=True)
    yield run("lstm-layernorm", LayerNormLSTM("haste"), initial=True)
    yield run("lstm-layernorm:layer-norm=tf-addons", LayerNormLSTM("tf-addons"), initial=True)
    yield run("lstm-depth-gated", LSTM(depth="upper"), layers=2, initial=True)
    yield run("lstm-depth-gated:depth-gate=all", LSTM(depth="all"), layers=2, initial=True)
    yield run(
        "lstm-depth-gated:depth-gate=all,coupled=f=1-i,peepholes=i+o,full-peepholes=yes",
        LSTM("io", coupled="f", full_peepholes=True, depth="all"), layers=2)
    plain = LSTM(peepholes="")
    probabilities = {"h": 0.15, "c": 0.35}
    yield run("lstm", Zoneout(plain, probabilities), initial=True)
    yield run("lstm", Zoneout(plain, probabilities, zoneout_masks()), initial=True)

    yield run(
        "gru-reset-before", Simple(lambda i, h: two_maps(i, h, 2), gru_reset_before), initial=True)
    yield run("gru-layernorm", Simple(gru_layer_norm_shapes, gru_layer_norm), initial=True)
    yield run("mgu", Simple(lambda i, h: two_maps(i, h, 1), mgu), initial=True)
    for beta in (1, 0.5):
        yield run(
            f"janet:beta={beta}", Simple(lambda i, h: affine_shapes(2, i, h), janet(beta)),
            initial=True)
    yield run("ugrnn", Simple(lambda i, h: affine_shapes(2, i, h), ugrnn), initial=True)
    for name, function in (("relu", torch.relu), ("tanh", tanh)):
        yield run(
            f"indrnn:activation={name}", Simple(indrnn_shapes, indrnn(function)), initial=True)
    for name, function in (("no", lambda x: x), ("yes", positive)):
        yield run(
            f"min-gru:positive={name}", Simple(input_only(2), min_gru(function)), initial=True)
        yield run(
            f"min-lstm:positive={name}", Simple(input_only(3), min_lstm(function)), initial=True)

    for start in (0, 3):
        yield run(
            f"clockwork:periods=1+2+4,start={start}", Clockwork([1, 2, 4], start), steps=7,
            hidden=9, initial=start == 3)
    for heads in (2, 3):
        sizes = dict(steps=6, batch=2, features=5, hidden=4 * heads)
        for initial in (False, True):
            yield run(f"slstm:heads={heads}", SLSTM(heads), initial=initial, **sizes)
            yield run(f"mlstm:heads={heads}", MLSTM(heads), initial=initial, **sizes)


if __name__ == "__main__":
    torch.set_num_threads(1)
    described, tensors = [], {}
    for index, (case, found) in enumerate(cases()):
        case = dict(name=f"{index:02}", **case)
        described.append(case)
        for name, value in found.items():
            tensors[f"{case['name']}/{name}"] = numpy.ascontiguousarray(
                value.detach().numpy(), numpy.float64)
    path = HERE / "paper_cells.safetensors"
    save_file(tensors, path, metadata={"cases": json.dumps(described, separators=(",", ":"))})
    print(f"{path.name}: {len(described)} cases, {path.stat().st_size} bytes")
