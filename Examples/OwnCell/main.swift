// A cell that is in no library, trained, checked, stepped and saved.
//
//     swift run -c release own-cell
//
// It has two memories: one that a gate renews at every step, and one that follows the first slowly.
// The task is to say at the end of a noisy sequence whether it began with +1 or −1.

import Recurrent

let twoSpeed = try Cell("two-speed") { step in
  let fast = step.state("h")
  let slow = step.state("slow")
  let a = step.affine(["f", "s", "n"], of: step.input, fast, biasStart: ["s": .constant(-3)])
  let f = sigmoid(a["f"]).named("f")
  let s = sigmoid(a["s"]).named("s")
  let n = tanh(a["n"] + step.peephole("n", slow)).named("n")
  let next = f * fast + (1 - f) * n
  step.next(fast, next)
  step.next(slow, slow + s * (next - slow))
  step.output(next)
}

// MARK: A model of it

struct Recall: TensorTree {
  var memory: RecurrentLayer
  var head: Linear

  init(_ cell: Cell, key: RandomKey) throws(CellError) {
    memory = try RecurrentLayer(
      cell, inputSize: 1, hiddenSize: 16, key: key.folded("memory"))
    head = Linear(inputSize: 16, outputSize: 1, key: key.folded("head"))
  }

  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("memory", &memory)
    visitor.visit("head", &head)
  }

  /// - Parameter input: [time, batch, 1].
  /// - Returns: [batch, 1], what is said after the last step.
  func callAsFunction(_ input: Tensor) -> Tensor { head(memory(input).state["h"][0]) }
}

extension Tensor {
  /// The part of the first axis at a place.
  fileprivate subscript(place: Int) -> Tensor {
    slice(axis: 0, range: place..<place + 1).reshaped(Array(shape.dropFirst()))
  }
}

/// 64 sequences: a sign, and then 39 steps of noise.
func makeBatch(_ key: RandomKey) -> (input: Tensor, target: Tensor) {
  let signs = (0..<64).map { key.bits(at: $0) & 1 == 0 ? Float(1) : -1 }
  let first = Tensor(signs, shape: [1, 64, 1])
  let noise = Tensor.normal([39, 64, 1], deviation: 0.3, key: key.folded("noise"))
  return (concatenated([first, noise], alongAxis: 0), Tensor(signs, shape: [64, 1]))
}

// MARK: Checked, trained, looked into, saved

let report = try CellCheck(twoSpeed).run(on: [ComputeContext()])
print("derivative against differences:", report.holds ? "holds" : "\(report.failures)")

let model = try Recall(twoSpeed, key: RandomKey(seed: 1))
var state = TrainingState(
  model: model, optimizer: Adam(for: model, learningRate: 0.01), key: RandomKey(seed: 2))
let test = makeBatch(RandomKey(seed: 3))
print("error before:", meanSquaredError(model(test.input), test.target).scalar)
try train(
  &state, plan: TrainingPlan(epochs: 12, clipping: .norm(1)),
  batches: { _, key in key.split(40).map(makeBatch) }
) { model, batch, _ in meanSquaredError(model(batch.input), batch.target) }
print("error after: ", meanSquaredError(state.model(test.input), test.target).scalar)

let (_, _, gates) = state.model.memory(test.input, recording: ["s"])
let open = gates["s"][0].elements
print("the slow memory's gate at the sign: ", open[..<1024].reduce(0, +) / 1024)
print("the slow memory's gate at the noise:", open[1024...].reduce(0, +) / Float(open.count - 1024))

var stream: RecurrentState?
for value: Float in [1, 0.2, -0.4] {
  (_, stream) = state.model.memory.step(Tensor([value], shape: [1]), state: stream)
}
print("stepped:", stream!["slow"].shape)

try ModelFile.write(state.model, configuration: ["cell": "two-speed"], to: "own-cell.safetensors")
let file = try ModelFile(path: "own-cell.safetensors")
let loaded = try Recall(twoSpeed, key: RandomKey(seed: 4)).loaded(from: file.tensors)
print("saved and loaded:", loaded(test.input).elements == state.model(test.input).elements)
