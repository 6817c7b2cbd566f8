#!/usr/bin/env python3
"""The ONNX project's own node tests, those of the operators that RecurrentONNX has.

    pip install onnx==1.23.2 safetensors numpy
    python3 make_onnx_backend_fixtures.py          # writes onnx_backend.safetensors beside itself

A test is taken if

  - its model has only operators of the list below, of opset 7 or later,
  - all tensors that go in and come out are float32, int64, int32, bool or float64, and so is every
    tensor that the model holds (float64 is stored as float32: that is how it is computed),
  - a cast goes to one of these types,
  - nothing in it is random, and it has no more than 150 kB.

The others are counted by the rule that they fail. The file's metadata: `cases`, a JSON array of
objects with `name`, `inputs` and `outputs`, the names of the tensors in the model's order; `left_out`,
a JSON object of counts. Tensors: CASE/model, the model's bytes; CASE/in/N, CASE/out/N, numbered.
"""

import collections
import json
import pathlib
import warnings

import numpy
import onnx
from onnx.backend.test.case.node import collect_testcases
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).parent

OPERATORS = set("""
    LSTM GRU RNN
    Gemm MatMul Einsum Conv MaxPool AveragePool GlobalAveragePool
    Add Sub Mul Div Neg Abs Min Max Sum Mean Pow Mod Sqrt Exp Log Erf Reciprocal Floor Ceil Round Sign
    Sin Cos Tan Relu LeakyRelu PRelu Elu Celu Selu Gelu Sigmoid HardSigmoid HardSwish Mish Swish Softsign
    ThresholdedRelu Tanh Softplus Softmax LogSoftmax Clip
    Where Equal Less LessOrEqual Greater GreaterOrEqual Not And Or Xor IsNaN
    Cast CastLike Identity Dropout Constant ConstantOfShape Shape Size Range Expand Tile
    Reshape Flatten Squeeze Unsqueeze Transpose Concat Split Slice Pad Trilu ReverseSequence
    Gather GatherElements GatherND ScatterND ScatterElements
    ReduceMean ReduceSum ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceSumSquare ReduceLogSum
    ReduceLogSumExp ArgMax ArgMin TopK CumSum NonZero LayerNormalization BatchNormalization
    If Loop Scan
""".split())

TYPES = {onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.INT32,
         onnx.TensorProto.BOOL, onnx.TensorProto.DOUBLE}
ARRAYS = {"float32", "int64", "int32", "bool", "float64"}
LARGEST = 150_000


def nodes(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from nodes(attribute.g)


def refusal(case):
    """Why a test is left out, or None."""
    model = case.model
    for node in nodes(model.graph):
        if node.domain or node.op_type not in OPERATORS:
            return "another operator"
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.name == "to" and attribute.i not in TYPES:
                return "another type"
            if attribute.HasField("t") and attribute.t.data_type not in TYPES:
                return "another type"
            if attribute.name == "value_string" or attribute.name == "value_strings":
                return "another type"
        if node.op_type == "Dropout" and len(node.input) == 3 and "zero_ratio" not in case.name:
            return "random"
    if max((entry.version for entry in model.opset_import if not entry.domain), default=0) < 7:
        return "opset below 7"
    for value in (*model.graph.input, *model.graph.output):
        if value.type.WhichOneof("value") != "tensor_type":
            return "another type"
        if value.type.tensor_type.elem_type not in TYPES:
            return "another type"
    for given, expected in case.data_sets:
        for value in (*given, *expected):
            if not hasattr(value, "dtype") or str(value.dtype) not in ARRAYS:
                return "another type"
    size = sum(numpy.asarray(v).nbytes for given, expected in case.data_sets for v in (*given, *expected))
    return "larger than 150 kB" if size > LARGEST else None


def stored(value):
    value = numpy.array(value, order="C")  # a number stays without axes
    return value.astype(numpy.float32) if value.dtype == numpy.float64 else value


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    left_out, described, tensors = collections.Counter(), [], {}
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        if not any(node.op_type in OPERATORS for node in nodes(case.model.graph)):
            continue
        reason = refusal(case)
        if reason:
            left_out[reason] += 1
            continue
        model = onnx.ModelProto()
        model.CopyFrom(case.model)
        model.graph.doc_string = ""
        (given, expected), *_ = case.data_sets
        name = case.name.removeprefix("test_")
        tensors[f"{name}/model"] = numpy.frombuffer(model.SerializeToString(), numpy.uint8)
        described.append({
            "name": name,
            "inputs": [value.name for value in model.graph.input],
            "outputs": [value.name for value in model.graph.output],
        })
        for kind, values in (("in", given), ("out", expected)):
            for index, value in enumerate(values):
                tensors[f"{name}/{kind}/{index}"] = stored(value)
    path = HERE / "onnx_backend.safetensors"
    save_file(tensors, path, metadata={
        "cases": json.dumps(described, separators=(",", ":")),
        "left_out": json.dumps(dict(sorted(left_out.items())), separators=(",", ":")),
    })
    print(f"{path.name}: {len(described)} cases, {path.stat().st_size} bytes; left out: {dict(left_out)}")
