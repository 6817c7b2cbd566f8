"""The same work in PyTorch and ONNX Runtime: ways to do it, of which the fastest counts.

A way is a function without arguments that does the work once.
"""

import numpy as np
import torch


# MARK: PyTorch

def pytorch(point, mode, precision):
    """PyTorch's LSTM; for `bfloat16` in its own bfloat16, for `high`, which it has not, float32."""
    if mode == "step":
        return _pytorch_step(point)
    half = precision == "bfloat16"
    model = torch.nn.LSTM(point.input, point.hidden, point.layers)
    x = torch.randn(point.steps, point.batch, point.input)

    def training(model, x):
        def train():
            model.zero_grad(set_to_none=True)
            model(x)[0].sum().backward()
        return train

    def forward(model, x):
        @torch.inference_mode()
        def run():
            model(x)
        return run

    def autocast(work):
        def run():
            with torch.autocast("cpu", dtype=torch.bfloat16):
                work()
        return run

    ways = training if mode == "train" else forward
    if half:
        # Autocast first: its weights are float32 ones that are rounded for every call.
        with_autocast = autocast(ways(torch.nn.LSTM(*point[2:]), x.clone()))
        return [with_autocast, ways(model.to(torch.bfloat16), x.to(torch.bfloat16))]
    if mode == "train":
        return [ways(model, x)]
    return [ways(model, x), ways(_frozen(_Sequence(model)), x)]


def _frozen(model):
    return torch.jit.freeze(torch.jit.script(model.eval()))


class _Sequence(torch.nn.Module):
    """`nn.LSTM` as TorchScript takes it."""

    def __init__(self, lstm):
        super().__init__()
        self.lstm = lstm

    def forward(self, x, state: tuple[torch.Tensor, torch.Tensor] | None = None):
        return self.lstm(x, state)


def _pytorch_step(point):
    """One step that takes the state the last one left: `nn.LSTM`, plain and scripted, and cells."""
    _, batch, features, hidden, layers = point
    model = torch.nn.LSTM(features, hidden, layers)
    x = torch.randn(1, batch, features)

    def stepping(step, x, state):
        @torch.inference_mode()
        def run():
            nonlocal state
            state = step(x, state)
        return run

    def sequence(model):
        zero = torch.zeros(layers, batch, hidden)
        return stepping(lambda x, state: model(x, state)[1], x, (zero, zero))

    cells = _Cells(features, hidden, layers).eval()
    zero = [(torch.zeros(batch, hidden), torch.zeros(batch, hidden)) for _ in range(layers)]
    return [
        sequence(model), sequence(_frozen(_Sequence(model))), stepping(cells, x[0], zero),
        stepping(_frozen(cells), x[0], zero)]


class _Cells(torch.nn.Module):
    """`nn.LSTMCell` for each layer."""

    def __init__(self, features, hidden, layers):
        super().__init__()
        self.cells = torch.nn.ModuleList(
            torch.nn.LSTMCell(features if layer == 0 else hidden, hidden)
            for layer in range(layers))

    def forward(self, x, states: list[tuple[torch.Tensor, torch.Tensor]]):
        next: list[tuple[torch.Tensor, torch.Tensor]] = []
        for index, cell in enumerate(self.cells):
            state = cell(x, states[index])
            x = state[0]
            next.append(state)
        return next


# MARK: ONNX Runtime

def onnx_runtime(point, mode, threads):
    """ONNX Runtime with its arrays bound, and called with numpy's."""
    import onnxruntime

    model = _onnx_model(point, mode == "step")

    def session(threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    # A single step may be faster on one thread than on all that it might use.
    counts = {threads, 1} if mode == "step" else {threads}
    ways = []
    for count in sorted(counts):
        ways += (_onnx_step if mode == "step" else _onnx_forward)(session(count), point)
    return ways


def _input(point):
    shape = (point.steps, point.batch, point.input)
    return np.random.default_rng(1).standard_normal(shape, dtype=np.float32)


def _onnx_forward(session, point):
    from onnxruntime import OrtValue

    x = _input(point)
    output = session.get_outputs()[0].name
    binding = session.io_binding()
    binding.bind_ortvalue_input("X", OrtValue.ortvalue_from_numpy(x))
    shape = (point.steps, 1, point.batch, point.hidden)
    binding.bind_ortvalue_output(
        output, OrtValue.ortvalue_from_numpy(np.zeros(shape, dtype=np.float32)))
    return [lambda: session.run_with_iobinding(binding), lambda: session.run(None, {"X": x})]


def _onnx_step(session, point):
    from onnxruntime import OrtValue

    x = _input(point)
    shape = (1, point.batch, point.hidden)
    inputs = [f"{state}{layer}" for layer in range(point.layers) for state in "hc"]
    outputs = [f"next_{name}" for name in inputs]

    # Two sets of arrays: what one step writes the next one reads.
    value = OrtValue.ortvalue_from_numpy(x)
    sets = [[OrtValue.ortvalue_from_numpy(np.zeros(shape, dtype=np.float32)) for _ in inputs]
            for _ in range(2)]
    bindings = []
    for read, written in (sets, sets[::-1]):
        binding = session.io_binding()
        binding.bind_ortvalue_input("X", value)
        for name, array in zip(inputs, read):
            binding.bind_ortvalue_input(name, array)
        for name, array in zip(outputs, written):
            binding.bind_ortvalue_output(name, array)
        bindings.append(binding)
    turn = 0

    def bound():
        nonlocal turn
        session.run_with_iobinding(bindings[turn])
        turn = 1 - turn

    state = {name: np.zeros(shape, dtype=np.float32) for name in inputs}

    def plain():
        nonlocal state
        state = dict(zip(inputs, session.run(outputs, {"X": x, **state})))

    return [bound, plain]


def _onnx_model(point, is_step):
    """A stack of LSTM nodes; a step has each layer's state as an input and as an output."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    constants, nodes, states, next_states = [], [], [], []
    shape = [1, point.batch, point.hidden]
    below = "X"
    for layer in range(point.layers):
        width = point.input if layer == 0 else point.hidden
        gates = 4 * point.hidden
        for name, size in (("W", (1, gates, width)), ("R", (1, gates, point.hidden)),
                           ("B", (1, 2 * gates))):
            numbers = 0.1 * random.standard_normal(size, dtype=np.float32)
            constants.append(numpy_helper.from_array(numbers, f"{name}{layer}"))
        inputs = [below, f"W{layer}", f"R{layer}", f"B{layer}"]
        is_top = layer == point.layers - 1
        if is_step:
            names = [f"h{layer}", f"c{layer}"]
            states += names
            inputs += ["", *names]
            outputs = ["", *(f"next_{name}" for name in names)]
            next_states += outputs[1:]
            below = outputs[1]  # [1, batch, hidden]: also a sequence of one step
        else:
            outputs = [f"Y{layer}"]
        nodes.append(helper.make_node("LSTM", inputs, outputs, hidden_size=point.hidden))
        if not is_step and not is_top:
            # [time, directions, batch, hidden] without its directions.
            nodes.append(helper.make_node("Squeeze", [f"Y{layer}", "axis"], [f"S{layer}"]))
            below = f"S{layer}"
    if point.layers > 1 and not is_step:
        constants.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"))

    def tensors(names, shape):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in names]

    whole = [point.steps, 1, point.batch, point.hidden]
    graph = helper.make_graph(
        nodes, "lstm",
        tensors(["X"], [point.steps, point.batch, point.input]) + tensors(states, shape),
        tensors(next_states, shape) if is_step else tensors([outputs[0]], whole),
        constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString()
