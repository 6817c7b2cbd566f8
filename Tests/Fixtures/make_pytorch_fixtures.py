#!/usr/bin/env python3
"""Golden values from PyTorch, for the tests of this package.

    pip install torch==2.13.0+cpu safetensors numpy
    python3 make_pytorch_fixtures.py            # writes pytorch_*.safetensors beside itself

Each file holds one family of cases. Its metadata has one key, `cases`: a JSON array with an object
for each case, whose `name` is the prefix of its tensors: `NAME/output`, `NAME/grad/weight_ih_l0`, ...

No data is stored: parameters, inputs, targets and the weights of the losses follow one formula,

    wave(shape, scale, phase)[k] = float32(scale * cos(0.1 * k * k + phase)),

k = 0, 1, ... in row-major order, computed in float64. (A quadratic phase, since a matrix of
cos(arange) has rank 2 and would hide mistakes.) Everything after it is computed in float64, from
the float32 values, and rounded to float32 once, when it is stored.

Recurrent layers (`lstm`, `projection`, `gru`, `rnn`)
    parameter p of `named_parameters()`, p = 0, 1, ...      wave(shape, 0.3, p)
    input                                                   wave(shape, 1.0, 100)
    h_0, c_0, where `initial_state`                         wave(shape, 0.5, 200), wave(shape, 0.5, 300)
    loss = sum(output * wave(., 1, 400)) + sum(h_n * wave(., 1, 500)) + sum(c_n * wave(., 1, 600))
    stored: output, h_n, c_n, grad/PARAMETER, grad/input, grad/h_0, grad/c_0
    `lengths`: the input goes through pack_padded_sequence(enforce_sorted=False), the output comes
    back through pad_packed_sequence with 0 beyond a row's end. Shapes are PyTorch's: with
    `batch_first` input and output are [batch, steps, .], the states never are. `unbatched`: without
    the batch axis.
Training (`training`)
    a recurrent layer, then a linear layer on the last step's output; parameters as above, counted
    through the recurrent layer and then the linear layer; mean squared error to wave(., 1, 700);
    ten steps of Adam. stored: losses (before each step), final/PARAMETER
Optimizers (`optimizers`)
    parameters a [3, 5] = wave(., 1, 0) and b [7] = wave(., 1, 1); the gradient of parameter p at
    step t = 0 ... 9 is 0.5 * parameter + wave(., 1, 10 + 2 t + p).
    stored: a [10, 3, 5] and b [10, 7], the parameters after each step
Clipping (`clipping`)
    gradients a [3, 5] = wave(., scale, 0), b [7] = wave(., scale, 1); stored: a, b, norm
Losses (`losses`)
    predictions = wave(., 2, 800), targets = wave(., 2, 900), weights = max(0, wave(., 1, 950)),
    shaped as the targets; value = sum(w * loss) / sum(w). Class targets: (3 k) % classes. Quantile
    loss: predictions [..., quantiles]. stored: value, grad
Likelihoods (`likelihoods`)
    -log_prob of torch.distributions, weights as for the losses, value = sum(w * loss) / sum(w).
    The parameters are powers of waves over `decades` decades, and the targets lie around the means;
    stored: the inputs NAME, rounded to float32, and value, grad/NAME
Layers (`layers`)
    parameters and input as for the recurrent layers, loss = sum(output * wave(., 1, 400));
    the embedding's indices are (3 k) % rows. stored: output, grad/PARAMETER, grad/input
Schedules (`schedules`)
    stored: rates, the learning rate used at step 0, 1, ...; for the plateau, the rate after each of
    the values wave([40], 0.3, 0) + 4 / (k + 1).
"""

import itertools
import json
import math
import pathlib

import numpy
import torch
from safetensors.numpy import save_file
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HERE = pathlib.Path(__file__).parent


def wave(shape, scale, phase):
    count = math.prod(shape)
    values = [scale * math.cos(0.1 * k * k + phase) for k in range(count)]
    single = torch.tensor(values, dtype=torch.float64).to(torch.float32)
    return single.to(torch.float64).reshape(list(shape))


def fill(parameters):
    with torch.no_grad():
        for index, parameter in enumerate(parameters):
            parameter.copy_(wave(parameter.shape, 0.3, index))


def save(family, cases, tensors):
    arrays = {
        name: numpy.array(
            torch.as_tensor(value).detach().to(torch.float64).numpy(), numpy.float32, order="C")
        for name, value in tensors.items()
    }
    path = HERE / f"pytorch_{family}.safetensors"
    save_file(arrays, path, metadata={"cases": json.dumps(cases, separators=(",", ":"))})
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")


# Recurrent layers


def recurrent_module(case):
    options = dict(
        input_size=case["input_size"], hidden_size=case["hidden_size"],
        num_layers=case["num_layers"], bias=case["bias"], batch_first=case["batch_first"],
        dropout=case["dropout"], bidirectional=case["bidirectional"], dtype=torch.float64)
    if case["family"] == "lstm":
        return torch.nn.LSTM(proj_size=case["proj_size"], **options)
    if case["family"] == "gru":
        return torch.nn.GRU(**options)
    return torch.nn.RNN(nonlinearity=case["nonlinearity"], **options)


def run_recurrent(case, tensors):
    module = recurrent_module(case)
    fill(module.parameters())
    steps, batch = case["steps"], case["batch"]
    shape = [batch, steps] if case["batch_first"] else [steps, batch]
    rows = [batch]
    if case["unbatched"]:
        shape, rows = [steps], []
    source = wave(shape + [case["input_size"]], 1.0, 100).requires_grad_()
    count = case["num_layers"] * (2 if case["bidirectional"] else 1)
    state, leaves = None, {"input": source}
    if case["initial_state"]:
        size = case["proj_size"] or case["hidden_size"]
        h_0 = wave([count, *rows, size], 0.5, 200).requires_grad_()
        leaves["h_0"] = state = h_0
        if case["family"] == "lstm":
            c_0 = wave([count, *rows, case["hidden_size"]], 0.5, 300).requires_grad_()
            leaves["c_0"] = c_0
            state = (h_0, c_0)
    if case["lengths"] is None:
        output, final = module(source, state)
    else:
        packed = pack_padded_sequence(
            source, case["lengths"], batch_first=case["batch_first"], enforce_sorted=False)
        output, final = module(packed, state)
        output, _ = pad_packed_sequence(
            output, batch_first=case["batch_first"], total_length=steps)
    h_n, c_n = final if case["family"] == "lstm" else (final, None)
    loss = (output * wave(output.shape, 1, 400)).sum() + (h_n * wave(h_n.shape, 1, 500)).sum()
    found = {"output": output, "h_n": h_n}
    if c_n is not None:
        loss = loss + (c_n * wave(c_n.shape, 1, 600)).sum()
        found["c_n"] = c_n
    loss.backward()
    for name, leaf in itertools.chain(module.named_parameters(), leaves.items()):
        found[f"grad/{name}"] = leaf.grad
    tensors.update({f"{case['name']}/{name}": value for name, value in found.items()})


def recurrent_case(family, index, **options):
    case = dict(
        name=f"{index:03}", family=family, nonlinearity="tanh", input_size=7, hidden_size=11,
        num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0,
        steps=5, batch=3, initial_state=False, lengths=None, unbatched=False)
    assert options.keys() <= case.keys()
    case.update(options)
    return case


UNSORTED, SORTED = [3, 5, 1], [5, 4, 2]


def recurrent_grid(family, sizes, **fixed):
    """Every option meets every other in one layer, and in pairs in two and three."""
    both = (False, True)
    for bias, bidirectional, batch_first, initial_state, lengths in itertools.product(
            (True, False), both, both, both, (None, UNSORTED, SORTED)):
        yield dict(
            fixed, **sizes[1], bias=bias, bidirectional=bidirectional, batch_first=batch_first,
            initial_state=initial_state, lengths=lengths)
    few = [
        (False, False, None), (True, False, UNSORTED), (True, True, None), (False, True, SORTED),
        (True, False, SORTED), (False, True, UNSORTED),
    ]
    for layers, chosen in ((2, few), (3, few[1:4:2])):
        for bias, bidirectional, (initial_state, batch_first, lengths) in itertools.product(
                (True, False), both, chosen):
            yield dict(
                fixed, **sizes[layers], num_layers=layers, bias=bias, bidirectional=bidirectional,
                batch_first=batch_first, initial_state=initial_state, lengths=lengths)
    # One of everything; longer than a chunk of steps; units that leave a tail in every vector.
    yield dict(fixed, **dict(sizes[1], input_size=1), steps=1, batch=1)
    yield dict(fixed, **dict(sizes[1], input_size=1), steps=37, batch=2, initial_state=True)
    yield dict(
        fixed, **dict(sizes[3], input_size=3, hidden_size=17), steps=3, batch=17,
        bidirectional=True, initial_state=True)
    yield dict(fixed, **dict(sizes[1], input_size=5, hidden_size=37), steps=4, batch=2)
    for bidirectional in both:
        yield dict(
            fixed, **sizes[2], num_layers=2, bidirectional=bidirectional, initial_state=True,
            unbatched=True, batch=1)


PLAIN = {
    1: dict(input_size=7, hidden_size=11),
    2: dict(input_size=5, hidden_size=7),
    3: dict(input_size=3, hidden_size=5),
}
PROJECTED = {
    1: dict(input_size=7, hidden_size=11, proj_size=5),
    2: dict(input_size=5, hidden_size=7, proj_size=3),
    3: dict(input_size=3, hidden_size=5, proj_size=2),
}


def make_recurrent():
    grids = {
        "lstm": [recurrent_grid("lstm", PLAIN)],
        "projection": [recurrent_grid("lstm", PROJECTED)],
        "gru": [recurrent_grid("gru", PLAIN)],
        "rnn": [
            recurrent_grid("rnn", PLAIN, nonlinearity="tanh"),
            recurrent_grid("rnn", PLAIN, nonlinearity="relu"),
        ],
    }
    for file, grid in grids.items():
        family = "lstm" if file == "projection" else file
        cases, tensors = [], {}
        for index, options in enumerate(itertools.chain(*grid)):
            case = recurrent_case(family, index, **options)
            run_recurrent(case, tensors)
            cases.append(case)
        save(file, cases, tensors)


def make_training():
    cases, tensors = [], {}
    for family, layers, bidirectional in (
            ("lstm", 1, False), ("lstm", 2, True), ("gru", 1, False), ("rnn", 2, False)):
        case = recurrent_case(
            family, len(cases), input_size=3, hidden_size=13, num_layers=layers,
            bidirectional=bidirectional, steps=7, batch=5)
        case.update(output_size=2, learning_rate=0.01)
        module = recurrent_module(case)
        head = torch.nn.Linear(
            case["hidden_size"] * (2 if bidirectional else 1), case["output_size"],
            dtype=torch.float64)
        parameters = [*module.parameters(), *head.parameters()]
        fill(parameters)
        source = wave([case["steps"], case["batch"], case["input_size"]], 1.0, 100)
        target = wave([case["batch"], case["output_size"]], 1.0, 700)
        optimizer = torch.optim.Adam(parameters, lr=case["learning_rate"])
        losses = []
        for _ in range(10):
            optimizer.zero_grad()
            output, _ = module(source)
            loss = functional.mse_loss(head(output[-1]), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        tensors[f"{case['name']}/losses"] = torch.tensor(losses, dtype=torch.float64)
        for prefix, part in (("recurrent", module), ("linear", head)):
            for name, parameter in part.named_parameters():
                tensors[f"{case['name']}/final/{prefix}.{name}"] = parameter
        cases.append(case)
    save("training", cases, tensors)


# Optimizers and what stands around them


def make_optimizers():
    kinds = [
        ("SGD", dict(lr=0.1)),
        ("SGD", dict(lr=0.1, weight_decay=0.05)),
        ("SGD", dict(lr=0.1, momentum=0.9)),
        ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.05)),
        ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True)),
        ("SGD", dict(lr=0.1, momentum=0.8, nesterov=True, weight_decay=0.05)),
        ("RMSprop", dict()),
        ("RMSprop", dict(lr=0.02, alpha=0.9, eps=1e-6, weight_decay=0.05)),
        ("RMSprop", dict(lr=0.02, momentum=0.7)),
        ("RMSprop", dict(lr=0.02, centered=True)),
        ("RMSprop", dict(lr=0.02, momentum=0.7, centered=True, weight_decay=0.05)),
        ("Adam", dict()),
        ("Adam", dict(lr=0.05, betas=(0.8, 0.95), eps=1e-6)),
        ("Adam", dict(lr=0.05, weight_decay=0.1)),
        ("AdamW", dict()),
        ("AdamW", dict(lr=0.05, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
        ("AdamW", dict(lr=0.05, weight_decay=0.0)),
    ]
    cases, tensors = [], {}
    for kind, options in kinds:
        parameters = [wave([3, 5], 1, 0).requires_grad_(), wave([7], 1, 1).requires_grad_()]
        optimizer = getattr(torch.optim, kind)(parameters, **options)
        history = [[], []]
        for step in range(10):
            for index, parameter in enumerate(parameters):
                slope = wave(parameter.shape, 1, 10 + 2 * step + index)
                parameter.grad = 0.5 * parameter.detach() + slope
            optimizer.step()
            for index, parameter in enumerate(parameters):
                history[index].append(parameter.detach().clone())
        case = dict(name=f"{len(cases):03}", kind=kind, options=options)
        for name, values in zip("ab", history):
            tensors[f"{case['name']}/{name}"] = torch.stack(values)
        cases.append(case)
    save("optimizers", cases, tensors)


def make_clipping():
    cases, tensors = [], {}
    for kind, limit, scale in itertools.product(
            ("norm", "value"), (0.1, 0.75, 2.0, 100.0), (1.0, 0.05)):
        parameters = [torch.zeros(3, 5).double(), torch.zeros(7).double()]
        for index, parameter in enumerate(parameters):
            parameter.grad = wave(parameter.shape, scale, index)
        case = dict(name=f"{len(cases):03}", kind=kind, limit=limit, scale=scale)
        if kind == "norm":
            norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
            tensors[f"{case['name']}/norm"] = norm
        else:
            torch.nn.utils.clip_grad_value_(parameters, limit)
        for name, parameter in zip("ab", parameters):
            tensors[f"{case['name']}/{name}"] = parameter.grad
        cases.append(case)
    save("clipping", cases, tensors)


def pinball(predictions, targets, quantiles):
    levels = torch.tensor(quantiles, dtype=torch.float64)
    error = targets.unsqueeze(-1) - predictions
    return torch.maximum(levels * error, (levels - 1) * error)


def make_losses():
    cases, tensors = [], {}
    quantiles = [0.1, 0.25, 0.5, 0.9]
    for kind, weighted in itertools.product(
            ("mse", "mae", "huber1", "huber05", "pinball", "cross_entropy"), (False, True)):
        shape = [5, 3, 7]
        case = dict(name=f"{len(cases):03}", kind=kind, weighted=weighted, shape=shape)
        targets = wave(shape, 2, 900)
        predictions = wave(shape, 2, 800).requires_grad_()
        if kind == "mse":
            loss = functional.mse_loss(predictions, targets, reduction="none")
        elif kind == "mae":
            loss = functional.l1_loss(predictions, targets, reduction="none")
        elif kind.startswith("huber"):
            case["delta"] = 1.0 if kind == "huber1" else 0.5
            loss = functional.huber_loss(
                predictions, targets, reduction="none", delta=case["delta"])
        elif kind == "pinball":
            case["quantiles"] = quantiles
            predictions = wave([*shape, len(quantiles)], 2, 800).requires_grad_()
            loss = pinball(predictions, targets, quantiles)
        else:
            # The last axis is the classes; what is left is the targets' shape.
            case["shape"] = shape[:-1]
            count = math.prod(shape[:-1])
            classes = torch.tensor([3 * k % shape[-1] for k in range(count)])
            loss = functional.cross_entropy(
                predictions.reshape(-1, shape[-1]), classes, reduction="none")
            loss = loss.reshape(shape[:-1])
        weights = torch.ones(case["shape"], dtype=torch.float64)
        if weighted:
            weights = wave(case["shape"], 1, 950).clamp(min=0)
        if kind == "pinball":
            weights = weights.unsqueeze(-1).expand_as(loss)
        value = (weights * loss).sum() / weights.sum()
        value.backward()
        tensors[f"{case['name']}/value"] = value
        tensors[f"{case['name']}/grad"] = predictions.grad
        cases.append(case)
    save("losses", cases, tensors)


def powers(shape, decades, phase):
    """Positive numbers around 1, in float32."""
    return (10 ** wave(shape, decades, phase)).to(torch.float32).to(torch.float64)


def make_likelihoods():
    cases, tensors = [], {}
    distributions = torch.distributions
    for kind, decades, weighted in itertools.product(
            ("gaussian", "student_t", "negative_binomial"), (0.5, 3.0), (False, True)):
        shape = [5, 3, 7]
        case = dict(
            name=f"{len(cases):03}", kind=kind, decades=decades, weighted=weighted, shape=shape)
        if kind == "negative_binomial":
            mean, dispersion = powers(shape, decades, 800), powers(shape, decades, 810)
            inputs = dict(mean=mean, dispersion=dispersion)
            targets = (mean * powers(shape, 0.6, 900)).round()
        else:
            mean, scale = wave(shape, 2, 800), powers(shape, decades / 3, 810)
            inputs = dict(mean=mean, scale=scale)
            targets = wave(shape, 2, 900)
            if kind == "student_t":
                inputs["degrees_of_freedom"] = powers(shape, 1.5 * decades, 820)
        for values in inputs.values():
            values.requires_grad_()
        if kind == "gaussian":
            distribution = distributions.Normal(inputs["mean"], inputs["scale"])
        elif kind == "student_t":
            distribution = distributions.StudentT(
                inputs["degrees_of_freedom"], inputs["mean"], inputs["scale"])
        else:
            r = 1 / inputs["dispersion"]
            distribution = distributions.NegativeBinomial(
                r, probs=inputs["mean"] / (r + inputs["mean"]))
        weights = wave(shape, 1, 950).clamp(min=0) if weighted else torch.ones(shape).double()
        value = -(weights * distribution.log_prob(targets)).sum() / weights.sum()
        value.backward()
        found = dict(inputs, targets=targets, value=value)
        found.update({f"grad/{name}": values.grad for name, values in inputs.items()})
        tensors.update({f"{case['name']}/{name}": value for name, value in found.items()})
        cases.append(case)
    save("likelihoods", cases, tensors)


def make_layers():
    modules = [
        ("linear", torch.nn.Linear(7, 11), [5, 3, 7]),
        ("linear", torch.nn.Linear(7, 11, bias=False), [5, 7]),
        ("layer_norm", torch.nn.LayerNorm(13), [5, 3, 13]),
        ("layer_norm", torch.nn.LayerNorm(13, bias=False), [5, 13]),
        ("layer_norm", torch.nn.LayerNorm(13, elementwise_affine=False, eps=1e-3), [5, 13]),
        ("embedding", torch.nn.Embedding(13, 7), [5, 3]),
        ("embedding", torch.nn.Embedding(13, 7, padding_idx=3), [5, 3]),
    ]
    cases, tensors = [], {}
    for kind, module, shape in modules:
        module.double()
        fill(module.parameters())
        case = dict(name=f"{len(cases):03}", kind=kind, shape=shape)
        found = {}
        if kind == "embedding":
            case.update(
                rows=module.num_embeddings, features=module.embedding_dim,
                padding_index=module.padding_idx)
            source = torch.tensor([3 * k % case["rows"] for k in range(math.prod(shape))])
            source = source.reshape(shape)
        else:
            source = wave(shape, 1.0, 100).requires_grad_()
            case["bias"] = getattr(module, "bias") is not None
        if kind == "linear":
            case.update(in_features=module.in_features, out_features=module.out_features)
        if kind == "layer_norm":
            case.update(features=shape[-1], eps=module.eps, affine=module.weight is not None)
        output = module(source)
        (output * wave(output.shape, 1, 400)).sum().backward()
        found["output"] = output
        if kind != "embedding":
            found["grad/input"] = source.grad
        for name, parameter in module.named_parameters():
            found[f"grad/{name}"] = parameter.grad
        tensors.update({f"{case['name']}/{name}": value for name, value in found.items()})
        cases.append(case)
    save("layers", cases, tensors)


def make_schedules():
    rates = torch.optim.lr_scheduler
    kinds = [
        ("step", dict(step_size=7, gamma=0.5), lambda o, **a: rates.StepLR(o, **a)),
        ("cosine", dict(T_max=30, eta_min=0.01), lambda o, **a: rates.CosineAnnealingLR(o, **a)),
        (
            "one_cycle",
            dict(max_lr=0.8, total_steps=40, pct_start=0.3, div_factor=25.0, final_div_factor=1e4),
            lambda o, **a: rates.OneCycleLR(o, cycle_momentum=False, **a),
        ),
        (
            "plateau",
            dict(factor=0.5, patience=2, threshold=1e-2, cooldown=1, min_lr=1e-3),
            lambda o, **a: rates.ReduceLROnPlateau(o, **a),
        ),
    ]
    cases, tensors = [], {}
    for kind, options, make in kinds:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        schedule = make(optimizer, **options)
        noise, history = wave([40], 0.3, 0), []
        steps = options.get("T_max", 39) + 1
        for step in range(steps):
            if kind == "plateau":
                schedule.step(noise[step].item() + 4 / (step + 1))
                history.append(optimizer.param_groups[0]["lr"])
            else:
                history.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                if step + 1 < steps:
                    schedule.step()
        case = dict(name=f"{len(cases):03}", kind=kind, rate=0.1, options=options)
        tensors[f"{case['name']}/rates"] = torch.tensor(history, dtype=torch.float64)
        cases.append(case)
    save("schedules", cases, tensors)


if __name__ == "__main__":
    torch.set_num_threads(1)
    make_recurrent()
    make_training()
    make_optimizers()
    make_clipping()
    make_losses()
    make_likelihoods()
    make_layers()
    make_schedules()
