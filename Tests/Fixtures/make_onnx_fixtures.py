#!/usr/bin/env python3
"""Golden values from ONNX Runtime, for what PyTorch does not have: peepholes, coupled gates, clip,
other activations, both forms of the GRU.

    pip install onnx==1.23.2 onnxruntime==1.31.1 safetensors numpy
    python3 make_onnx_fixtures.py            # writes onnxruntime_recurrent.safetensors beside itself

The file's metadata has one key, `cases`: a JSON array with an object for each case, whose `name` is
the prefix of its tensors: `NAME/output`, `NAME/h_n`, `NAME/c_n`.

Names, orders of gates and shapes are those of this package (PyTorch's, and `peephole_i`, ... for the
peepholes); this script turns them into ONNX' (LSTM i o f c and peepholes i o f, GRU z r h). No
parameters or inputs are stored. They follow the formula of make_pytorch_fixtures.py,

    wave(shape, scale, phase)[k] = float32(scale * cos(0.1 * k * k + phase)):

    parameter p of the case's list `parameters`             wave(shape, SCALE of the case, p)
    input [steps, batch, input_size]                        wave(shape, 1.0, 100)
    h_0, c_0 [directions, batch, hidden_size], where `initial_state`
                                                            wave(shape, 0.5, 200), wave(shape, 0.5, 300)

With `coupled` the forget gate of ONNX has parameters too, which it must ignore: they are 7.
"""

import itertools
import json
import math
import pathlib

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent


def wave(shape, scale, phase):
    values = [scale * math.cos(0.1 * k * k + phase) for k in range(math.prod(shape))]
    return numpy.array(values, numpy.float32).reshape(shape)


# Our parameters


def shapes(case):
    """Names without their endings, and shapes, of the parameters of one direction."""
    features, hidden, bias = case["input_size"], case["hidden_size"], case["bias"]

    def affine(gates, infix=""):
        rows = gates * hidden
        found = {f"weight_{infix}ih": [rows, features], f"weight_{infix}hh": [rows, hidden]}
        if bias:
            found.update({f"bias_{infix}ih": [rows], f"bias_{infix}hh": [rows]})
        return found

    if case["family"] == "rnn":
        return affine(1)
    if case["family"] == "gru":
        return affine(3)
    if case["family"] == "gru-reset-before":
        return affine(2) | affine(1, "n_")
    return affine(3 if case["coupled"] else 4) | {
        f"peephole_{gate}": [hidden] for gate in case["peepholes"]}


def parameters(case):
    found = {}
    for ending in ("_l0", "_l0_reverse")[:case["directions"]]:
        for name, shape in shapes(case).items():
            found[name + ending] = wave(shape, case["scale"], len(found))
    return found


# ONNX' parameters


def gates(case, ours, kind, ending):
    """The sections of a kind of parameter (`weight_ih`, ...) of one direction, by ONNX' letters."""
    prefix, place = kind.split("_")
    if case["family"] == "rnn":
        return {"h": ours[f"{kind}{ending}"]}
    if case["family"] == "gru-reset-before":
        r, z = numpy.split(ours[f"{kind}{ending}"], 2)
        return {"r": r, "z": z, "h": ours[f"{prefix}_n_{place}{ending}"]}
    if case["family"] == "gru":
        return dict(zip("rzh", numpy.split(ours[f"{kind}{ending}"], 3)))
    if case["coupled"]:
        found = dict(zip("ico", numpy.split(ours[f"{kind}{ending}"], 3)))
        return found | {"f": numpy.full_like(found["i"], 7)}
    return dict(zip("ifco", numpy.split(ours[f"{kind}{ending}"], 4)))


ORDER = {"rnn": "h", "gru": "zrh", "gru-reset-before": "zrh", "lstm": "iofc"}


def operands(case, ours):
    def stacked(kind, ending):
        sections = gates(case, ours, kind, ending)
        return numpy.concatenate([sections[letter] for letter in ORDER[case["family"]]])

    endings = ("_l0", "_l0_reverse")[:case["directions"]]
    found = {
        "W": numpy.stack([stacked("weight_ih", ending) for ending in endings]),
        "R": numpy.stack([stacked("weight_hh", ending) for ending in endings]),
    }
    if case["bias"]:
        found["B"] = numpy.stack([
            numpy.concatenate([stacked("bias_ih", ending), stacked("bias_hh", ending)])
            for ending in endings])
    if case.get("peepholes"):
        ignored = 7.0 if case["coupled"] else 0.0
        missing = {"i": 0.0, "o": 0.0, "f": ignored}
        found["P"] = numpy.stack([
            numpy.concatenate([
                ours.get(
                    f"peephole_{gate}{ending}",
                    numpy.full(case["hidden_size"], missing[gate], numpy.float32))
                for gate in "iof"])
            for ending in endings])
    return found


def run(case):
    family, directions = case["family"], case["directions"]
    feeds = operands(case, parameters(case))
    feeds["X"] = wave([case["steps"], case["batch"], case["input_size"]], 1.0, 100)
    state = [directions, case["batch"], case["hidden_size"]]
    if case["lengths"]:
        feeds["sequence_lens"] = numpy.array(case["lengths"], numpy.int32)
    if case["initial_state"]:
        feeds["initial_h"] = wave(state, 0.5, 200)
        if family == "lstm":
            feeds["initial_c"] = wave(state, 0.5, 300)
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h"]
    outputs = {"Y": "output", "Y_h": "h_n"}
    if family == "lstm":
        order += ["initial_c", "P"]
        outputs["Y_c"] = "c_n"

    attributes = dict(
        hidden_size=case["hidden_size"],
        direction="bidirectional" if directions == 2 else "forward")
    if "activations" in case:
        functions = case["activations"] * directions
        attributes["activations"] = [function["name"] for function in functions]
        for number in ("alpha", "beta"):
            values = [function[number] for function in functions if number in function]
            if values:
                attributes[f"activation_{number}"] = values
    if case.get("clip"):
        attributes["clip"] = case["clip"]
    if case.get("coupled"):
        attributes["input_forget"] = 1
    if family.startswith("gru"):
        attributes["linear_before_reset"] = int(family == "gru")
    operator = {"rnn": "RNN", "lstm": "LSTM"}.get(family, "GRU")
    node = helper.make_node(
        operator, [name if name in feeds else "" for name in order], list(outputs), **attributes)
    graph = helper.make_graph(
        [node], "recurrent", [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
            for name, value in feeds.items()],
        [
            helper.make_tensor_value_info(
                name, TensorProto.FLOAT, [None] * (4 if name == "Y" else 3))
            for name in outputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"])
    results = dict(zip(outputs.values(), session.run(list(outputs), feeds)))
    # [steps, directions, batch, hidden] to [steps, batch, directions * hidden]
    steps, _, batch, hidden = results["output"].shape
    results["output"] = results["output"].transpose(0, 2, 1, 3).reshape(
        steps, batch, directions * hidden)
    return results


# The cases

SMALL = dict(steps=5, batch=3, input_size=7, hidden_size=11)
OTHER = dict(steps=4, batch=2, input_size=3, hidden_size=17)
LENGTHS = [3, 5, 1]


def function(name, **numbers):
    return dict(name=name, **numbers)


SIGMOID, TANH = function("Sigmoid"), function("Tanh")
ACTIVATIONS = [
    [function("HardSigmoid", alpha=0.3, beta=0.4), function("Softsign"), function("Relu")],
    [function("HardSigmoid", alpha=0.2, beta=0.5), TANH, TANH],
    [SIGMOID, function("Elu", alpha=0.7), function("LeakyRelu", alpha=0.2)],
    [SIGMOID, function("Affine", alpha=0.8, beta=-0.1), function("Softplus")],
    [SIGMOID, function("ThresholdedRelu", alpha=0.3),
     function("ScaledTanh", alpha=1.7, beta=0.6)],
    [SIGMOID, function("Relu"), function("Elu", alpha=1.0)],
    [SIGMOID, function("Softplus"), function("Softsign")],
    [SIGMOID, function("LeakyRelu", alpha=0.01), function("ThresholdedRelu", alpha=0.1)],
    [function("Softsign"), SIGMOID, function("Affine", alpha=-1.5, beta=0.25)],
    [function("ScaledTanh", alpha=0.9, beta=0.7), function("HardSigmoid", alpha=0.25, beta=0.5),
     TANH],
]


def around(**options):
    """One direction and both, with an initial state and with lengths, of one size and another."""
    yield dict(SMALL, **options)
    yield dict(SMALL, **options, directions=2, initial_state=True, lengths=LENGTHS)
    yield dict(OTHER, **options, directions=2, initial_state=True)


def lstms():
    for peepholes, coupled in (
            ("ifo", False), ("io", False), ("", True), ("io", True)):
        yield from around(peepholes=peepholes, coupled=coupled)
    for peepholes, coupled, clip in (
            ("", False, 0.3), ("ifo", False, 0.4), ("io", True, 0.5)):
        yield from around(peepholes=peepholes, coupled=coupled, clip=clip)
    for index, activations in enumerate(ACTIVATIONS):
        yield dict(
            SMALL if index % 2 else OTHER, activations=activations, initial_state=True,
            directions=1 + index % 3 // 2)
    # All of it together.
    yield dict(
        SMALL, peepholes="ifo", clip=0.6, activations=ACTIVATIONS[2], directions=2,
        initial_state=True, lengths=LENGTHS, bias=False)


def cases():
    options = dict(bias=True, directions=1, initial_state=False, lengths=None, scale=0.5)
    found = []
    for case in lstms():
        found.append(
            dict(options, family="lstm", peepholes="", coupled=False)
            | dict(activations=[SIGMOID, TANH, TANH]) | case)
    for family, bias in itertools.product(("gru", "gru-reset-before"), (True, False)):
        found += [dict(options, family=family) | case for case in around(bias=bias)]
    for name, bias in itertools.product(("Tanh", "Relu"), (True, False)):
        found += [
            dict(options, family="rnn", activations=[function(name)]) | case
            for case in around(bias=bias)]
    return [dict(name=f"{index:03}", **case) for index, case in enumerate(found)]


if __name__ == "__main__":
    tensors, described = {}, cases()
    for case in described:
        case["parameters"] = list(parameters(case))
        for name, value in run(case).items():
            tensors[f"{case['name']}/{name}"] = numpy.ascontiguousarray(value, numpy.float32)
    path = HERE / "onnxruntime_recurrent.safetensors"
    save_file(tensors, path, metadata={"cases": json.dumps(described, separators=(",", ":"))})
    print(f"{path.name}: {len(described)} cases, {path.stat().st_size} bytes")
