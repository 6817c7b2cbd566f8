#!/usr/bin/env python3
"""Writes files of other programs' formats, for the tests that read them.

    python3 make_interchange_fixtures.py      (numpy 2.4.6, torch 2.13.0+cpu, safetensors)

Except where said otherwise, element k in row-major order of every array is k (of truth values, k % 2),
so that any mistake in order, byte order or type shows.

numpy_arrays.npz
    Every type, byte order, order of axes and version of the header, as TYPE-ORDER-SHAPE-VERSION.
numpy_savez.npz
    What numpy.savez writes: weight [2, 3] float32 and steps [4] int64.
numpy_save_float32.npy, numpy_save_int64.npy
    What numpy.save writes: [2, 3], and a single number, 7.
pytorch_checkpoint.pt
    torch.save of tensors of every type, views, shared storages, parameters, nested in dictionaries
    and lists with plain values.
pytorch_module.pt
    torch.save of a whole torch.nn.LSTM(2, 3), a file that asks for code.
pytorch_old.pt
    The format before 1.6.
pytorch_finetune.pt, pytorch_finetune.safetensors
    A model of an LSTM and a linear layer after five steps of Adam, float32, in a checkpoint as people
    keep them; and the ten losses when it is trained on from there, in float64, as ten/losses. Inputs
    and targets are wave(., 1, 100) and wave(., 1, 700) of make_pytorch_fixtures.py.
"""

import collections
import io
import pathlib
import warnings
import zipfile

import numpy
import torch

from make_pytorch_fixtures import save, wave

HERE = pathlib.Path(__file__).parent


def iota(shape, dtype):
    values = numpy.arange(int(numpy.prod(shape)))
    if numpy.dtype(dtype) == numpy.bool_:
        values = values % 2
    return values.reshape(shape).astype(dtype)


def make_numpy():
    with zipfile.ZipFile(HERE / "numpy_arrays.npz", "w") as archive:
        for kind in ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"):
            for order in "<>":
                for layout in "CF":
                    for shape in ((), (0, 4), (5,), (2, 3), (2, 1, 3, 2)):
                        for version in ((1, 0), (2, 0), (3, 0)):
                            if (kind[1] == "1" and order == ">") or version[0] > 1 and kind != "f4":
                                continue
                            array = numpy.asarray(iota(shape, order + kind), order=layout)
                            content = io.BytesIO()
                            with warnings.catch_warnings():
                                warnings.simplefilter("ignore")
                                numpy.lib.format.write_array(content, array, version=version)
                            sizes = "x".join(map(str, shape))
                            name = f"{kind}-{'be' if order == '>' else 'le'}{layout}-{sizes}-v{version[0]}"
                            info = zipfile.ZipInfo(name + ".npy")
                            archive.writestr(info, content.getvalue())
    numpy.savez(
        HERE / "numpy_savez.npz", weight=iota((2, 3), "f4"), steps=iota((4,), "i8"))
    numpy.save(HERE / "numpy_save_float32.npy", iota((2, 3), "f4"))
    numpy.save(HERE / "numpy_save_int64.npy", numpy.array(7))


def torch_iota(shape, dtype):
    values = torch.arange(int(numpy.prod(shape)))
    if dtype == torch.bool:
        values = values % 2
    return values.to(dtype).reshape(shape)


def make_checkpoint():
    types = collections.OrderedDict()
    for name in (
            "bool uint8 int8 uint16 int16 uint32 int32 uint64 int64 float16 bfloat16 float32 float64"
    ).split():
        types[name] = torch_iota((2, 5), getattr(torch, name))
    long = torch.arange(-3, 40, dtype=torch.float32)
    crossed = torch.zeros(7, 5)
    crossed[1:4, 1:5:2] = torch_iota((3, 2), torch.float32)
    views = {
        "whole": torch_iota((3, 4), torch.float32),
        "scalar": torch.zeros(()),
        "empty": torch.zeros(0, 3),
        "part": long[3:9].reshape(2, 3),
        "transposed": torch_iota((4, 3), torch.int32).t().contiguous().t(),
        "permuted": torch_iota((2, 3, 4), torch.float64).permute(2, 0, 1).contiguous().permute(
            1, 2, 0),
        "stepped": crossed[1:4, 1:5:2],
        "expanded": torch.zeros(1).expand(1, 1),
    }
    views["shared"] = views["whole"]
    views["also-shared"] = views["whole"].view(12)
    module = torch.nn.Linear(3, 2)
    with torch.no_grad():
        module.weight.copy_(torch_iota((2, 3), torch.float32))
        module.bias.copy_(torch_iota((2,), torch.float32))
    torch.save({
        "types": types,
        "views": views,
        "module": module.state_dict(),
        "parameters": [torch.nn.Parameter(torch_iota((3,), torch.float32)), {"deep": torch.zeros(1)}],
        "epoch": 3, "rate": 0.125, "name": "épreuve", "done": False, "nothing": None,
        "betas": (0.9, 0.999), "large": 2 ** 70, "negative": -5, "by number": {7: torch.zeros(1)},
        "size": torch.Size([4, 2]), "type": torch.bfloat16, "device": torch.device("cpu"),
        "nested": {"list": [[1, 2], [3]], "empty": {}},
    }, HERE / "pytorch_checkpoint.pt")
    torch.manual_seed(0)
    torch.save(torch.nn.LSTM(2, 3), HERE / "pytorch_module.pt")
    torch.save(
        {"weight": torch_iota((2, 3), torch.float32)}, HERE / "pytorch_old.pt",
        _use_new_zipfile_serialization=False)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 13, num_layers=2)
        self.head = torch.nn.Linear(13, 2)

    def forward(self, source):
        return self.head(self.lstm(source)[0][-1])


def make_finetune():
    torch.manual_seed(0)
    model = Model().double()
    source, target = wave([7, 5, 3], 1.0, 100), wave([5, 2], 1.0, 700)

    def train(steps):
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        losses = []
        for _ in range(steps):
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(source), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses

    train(5)
    model.float()
    path = HERE / "pytorch_finetune.pt"
    torch.save({"state_dict": model.state_dict(), "epoch": 5}, path)
    model.load_state_dict(torch.load(path)["state_dict"])
    model.double()
    save("finetune", [dict(name="ten", learning_rate=0.01)],
         {"ten/losses": torch.tensor(train(10), dtype=torch.float64)})


if __name__ == "__main__":
    make_numpy()
    make_checkpoint()
    make_finetune()
