#!/usr/bin/env python3
"""Networks as PyTorch's two exporters write them, with PyTorch's own numbers.

    pip install torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.31.1 safetensors numpy
    python3 make_torch_onnx_fixtures.py          # writes torch_onnx.safetensors beside itself

Each network is exported with `dynamo=False` and `dynamo=True`, with dynamic time and batch, and run at
the sizes that it was exported with and, where ONNX Runtime itself finds PyTorch's numbers so, at
others. The file's form is that of onnx_backend.safetensors; outputs are PyTorch's.
"""

import collections
import json
import pathlib
import tempfile
import warnings

import numpy
import onnx
import onnxruntime
import torch
from safetensors.numpy import save_file
from torch import nn

HERE = pathlib.Path(__file__).parent


class Sequence(nn.Module):
    """A recurrent layer and a linear one on each of its outputs."""

    def __init__(self, layer, outputs=3):
        super().__init__()
        self.layer = layer
        width = layer.hidden_size * (2 if layer.bidirectional else 1)
        if getattr(layer, "proj_size", 0):
            width = layer.proj_size
        self.head = nn.Linear(width, outputs)

    def forward(self, x):
        y, _ = self.layer(x)
        return self.head(y)


class Last(nn.Module):
    """A classifier of the last step."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.norm = nn.LayerNorm(layer.hidden_size)
        self.head = nn.Sequential(
            nn.Linear(layer.hidden_size, 5), nn.GELU(), nn.Dropout(0.3), nn.Linear(5, 4))

    def forward(self, x):
        _, state = self.layer(x)
        h = state[0] if isinstance(state, tuple) else state
        return torch.softmax(self.head(self.norm(h[-1])), dim=-1)


class Stateful(nn.Module):
    """States in and out, as a stream needs them."""

    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(3, 6, num_layers=2)

    def forward(self, x, h, c):
        y, (h, c) = self.layer(x, (h, c))
        return torch.tanh(y), h, c


class Attention(nn.Module):
    """Tokens, a GRU in both directions, and attention over its outputs."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(13, 6)
        self.layer = nn.GRU(6, 7, batch_first=True, bidirectional=True)
        self.query = nn.Linear(14, 14)
        self.head = nn.Linear(14, 3)

    def forward(self, tokens):
        y, _ = self.layer(self.embedding(tokens))
        scores = torch.bmm(self.query(y), y.transpose(1, 2)) / 14 ** 0.5
        mixed = torch.bmm(torch.log_softmax(scores, dim=-1).exp(), y)
        return self.head(torch.relu(mixed.mean(dim=1)))


class Convolved(nn.Module):
    """Convolution and pooling before an RNN."""

    def __init__(self):
        super().__init__()
        self.front = nn.Sequential(
            nn.Conv1d(3, 6, 3, padding=1), nn.BatchNorm1d(6), nn.LeakyReLU(0.1), nn.MaxPool1d(2))
        self.layer = nn.RNN(6, 5, nonlinearity="relu", batch_first=True)

    def forward(self, x):
        y, _ = self.layer(self.front(x).transpose(1, 2))
        return torch.sigmoid(y[:, -1])


def networks():
    """Name, network, inputs for export, inputs of other sizes, dynamic axes of each input."""
    def sequence(*shape):
        return torch.randn(shape)

    first = dict(layers=[{1: "batch", 0: "time"}])
    for name, layer in [
        ("lstm", nn.LSTM(3, 5)), ("lstm_two_layers", nn.LSTM(3, 5, num_layers=2, bidirectional=True)),
        ("gru", nn.GRU(3, 5)), ("gru_bidirectional", nn.GRU(3, 5, bidirectional=True, bias=False)),
        ("rnn_tanh", nn.RNN(3, 5)), ("rnn_relu", nn.RNN(3, 5, nonlinearity="relu", num_layers=2)),
    ]:
        yield name, Sequence(layer), [sequence(4, 2, 3)], [sequence(9, 5, 3)], first["layers"]
    yield ("lstm_batch_first", Sequence(nn.LSTM(3, 5, batch_first=True)), [sequence(2, 4, 3)],
           [sequence(5, 9, 3)], [{0: "batch", 1: "time"}])
    yield ("last_lstm", Last(nn.LSTM(3, 6, batch_first=True)), [sequence(2, 4, 3)],
           [sequence(5, 9, 3)], [{0: "batch", 1: "time"}])
    yield ("last_gru", Last(nn.GRU(3, 6, batch_first=True)), [sequence(2, 4, 3)],
           [sequence(5, 9, 3)], [{0: "batch", 1: "time"}])
    yield ("stateful", Stateful(), [sequence(4, 2, 3), sequence(2, 2, 6), sequence(2, 2, 6)],
           [sequence(7, 3, 3), sequence(2, 3, 6), sequence(2, 3, 6)],
           [{0: "time", 1: "batch"}, {1: "batch"}, {1: "batch"}])
    yield ("attention", Attention(), [torch.randint(0, 13, (2, 5))], [torch.randint(0, 13, (3, 8))],
           [{0: "batch", 1: "time"}])
    yield ("convolved", Convolved(), [sequence(2, 3, 8)], [sequence(4, 3, 12)], [{0: "batch", 2: "time"}])


def exported(network, inputs, axes, dynamo, path):
    names = ["x", "h", "c"][:len(inputs)]
    with torch.no_grad():
        results = network(*inputs)
    outputs = ["y", "h_n", "c_n"][:len(results) if isinstance(results, tuple) else 1]
    if dynamo:
        shapes = tuple(
            {axis: torch.export.Dim.AUTO for axis in named} for named in axes)
        torch.onnx.export(
            network, tuple(inputs), path, dynamo=True, input_names=names, output_names=outputs,
            dynamic_shapes=shapes, external_data=False, verbose=False)
    else:
        torch.onnx.export(
            network, tuple(inputs), path, dynamo=False, input_names=names, output_names=outputs,
            dynamic_axes=dict(zip(names, axes)))


def runs(model, inputs, outputs):
    """Whether ONNX Runtime runs the file and finds PyTorch's numbers: an exporter may have taken a size
    for a constant."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        found = session.run(None, {
            value.name: tensor.numpy() for value, tensor in zip(session.get_inputs(), inputs)})
        return all(
            a.shape == tuple(b.shape) and numpy.allclose(a, b.numpy(), atol=1e-4)
            for a, b in zip(found, outputs))
    except Exception:
        return False


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.manual_seed(1)
    tensors, described, left_out, operators = {}, [], collections.Counter(), set()
    for name, network, small, large, axes in networks():
        network.eval()
        for dynamo in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                path = str(pathlib.Path(folder) / "m.onnx")
                exported(network, small, axes, dynamo, path)
                proto = onnx.load(path)
            for node in proto.graph.node:
                operators.add(node.op_type)
            proto.graph.ClearField("value_info")
            for node in proto.graph.node:
                node.ClearField("metadata_props")
                node.ClearField("doc_string")
            model = proto.SerializeToString()
            for size, inputs in (("same", small), ("other", large)):
                key = f"{name}_{'dynamo' if dynamo else 'script'}_{size}"
                with torch.no_grad():
                    outputs = network(*inputs)
                outputs = outputs if isinstance(outputs, tuple) else (outputs,)
                if not runs(model, inputs, outputs):
                    left_out["not PyTorch's numbers in ONNX Runtime at these sizes"] += 1
                    print("ONNX Runtime does not run", key)
                    continue
                tensors[f"{key}/model"] = numpy.frombuffer(model, numpy.uint8)
                for kind, values in (("in", inputs), ("out", outputs)):
                    for index, value in enumerate(values):
                        tensors[f"{key}/{kind}/{index}"] = value.contiguous().numpy()
                described.append({
                    "name": key, "inputs": [value.name for value in proto.graph.input],
                    "outputs": [value.name for value in proto.graph.output]})
            if name == "lstm_batch_first" and not dynamo:
                # What the README runs.
                (HERE / "../../Examples/sequence.onnx").write_bytes(model)
                numpy.save(HERE / "../../Examples/sequence-input.npy", large[0].numpy())
    path = HERE / "torch_onnx.safetensors"
    save_file(tensors, path, metadata={
        "cases": json.dumps(described, separators=(",", ":")),
        "left_out": json.dumps(dict(left_out), separators=(",", ":"))})
    print(f"{path.name}: {len(described)} cases, {path.stat().st_size} bytes; {sorted(operators)}")
