import RecurrentCells
import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import TestSupport
import Testing

/// The cells that no library has beside their papers' equations, which `make_paper_fixtures.py`
/// writes down once more: outputs, final states and every gradient. The reference is held to them
/// with the digits of Double, the engine with those of Float.
@Suite struct FamilyGoldenTests {
  static let cases = GoldenFile("cells", of: "paper").cases

  @Test(arguments: cases) func referenceEqualsPapers(_ golden: GoldenCase) throws {
    for (name, value) in try ReferenceStack(golden).results() {
      let expected = golden.array(name)
      #expect(value.shape == expected.shape, "\(name)")
      let worst = zip(value.values, expected.values).map { abs($0 - $1) / (1 + abs($1)) }
        .reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 }
      #expect(worst <= 1e-10, "\(name)")
    }
  }

  @Test(arguments: cases.filter { !$0.hasMasks })
  func layerEqualsPapers(_ golden: GoldenCase) throws {
    let names = golden.names("parameters")
    let layer = try RecurrentLayer(
      golden.cell(), inputSize: golden["input_size"].integer!,
      hiddenSize: golden["hidden_size"].integer!, numLayers: golden["layers"].integer!,
      key: RandomKey(seed: 1)
    ).mapTensors { path, tensor in
      guard let phase = names.firstIndex(of: path.description) else {
        Issue.record("\(path) is not among the fixture's parameters")
        return tensor
      }
      return wave(tensor.shape, scale: 0.5, phase: phase)
    }
    #expect(layer.namedTensors.count == names.count)
    let states = golden.names("states")
    #expect(layer.zeroState(batch: 1).names == states)
    let start =
      golden.hasInitialStates ? states.map { Tensor(golden.array("initial/\($0)")) } : []

    let traced = Inputs(model: layer, input: golden.input, states: start)
    let (_, gradient, found) = valueAndGradient(of: traced) { inputs -> (Tensor, [Tensor]) in
      let state =
        inputs.states.isEmpty ? nil : RecurrentState(names: states, values: inputs.states)
      let (output, final) = inputs.model(inputs.input, state: state)
      return golden.loss(of: [output] + states.map { final[$0] })
    }
    golden.expect(found, gradient)
  }

  @Test(arguments: cases.filter(\.hasMasks))
  func engineWithGivenMasksEqualsPapers(_ golden: GoldenCase) throws {
    let cell = try golden.cell()
    let names = golden.names("parameters")
    let engine = SequenceEngine(
      try CompiledCell(
        cell,
        sizes: CellSizes(
          input: golden["input_size"].integer!, hidden: golden["hidden_size"].integer!)))
    let parameters = Parameters(
      names: cell.parameters.map { "\($0.name)_l0" },
      values: zip(cell.parameters, engine.compiled.parameterShapes).map { parameter, shape in
        wave(shape, scale: 0.5, phase: names.firstIndex(of: "\(parameter.name)_l0")!)
      })
    let states = golden.names("states").map { Tensor(golden.array("initial/\($0)")) }
    let masks = cell.masks.map { Tensor(golden.array("mask/\($0.name)")) }
    let (steps, rows) = (golden["steps"].integer!, golden["batch"].integer!)
    let traced = Inputs(model: parameters, input: golden.input, states: states)
    let (_, gradient, found) = valueAndGradient(of: traced) { inputs -> (Tensor, [Tensor]) in
      let result = engine.run(
        inputs: [inputs.input],
        initialStates: inputs.states.map { $0.reshaped([rows, $0.shape[2]]) },
        parameters: inputs.model.values, masks: masks,
        lengths: BatchLengths(steps: steps, rows: rows), reversed: false)
      return golden.loss(
        of: [result.output] + result.finalStates.map { $0.reshaped([1, rows, $0.shape[1]]) })
    }
    golden.expect(found, gradient)
  }
}

/// What a case has gradients of.
private struct Inputs<Model: TensorTree>: TensorTree {
  var model: Model
  var input: Tensor
  var states: [Tensor]
  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("model", &model)
    visitor.visit("input", &input)
    visitor.visit("states", &states)
  }
}

/// Tensors under their names.
private struct Parameters: TensorTree {
  let names: [String]
  var values: [Tensor]
  mutating func visit(_ visitor: inout some TensorVisitor) {
    for (index, name) in names.enumerated() { visitor.visit(name, &values[index]) }
  }
}

extension GoldenCase {
  fileprivate var hasMasks: Bool { tensorNames.contains { $0.hasPrefix("mask/") } }
  fileprivate var hasInitialStates: Bool { tensorNames.contains { $0.hasPrefix("initial/") } }

  fileprivate func names(_ option: String) -> [String] { self[option].array!.map { $0.string! } }

  fileprivate func cell() throws -> Cell {
    let cell = try Cell.named(self["cell"].string!)
    guard let zoneout = options["zoneout"] else { return cell }
    return try cell.regularized(zoneout: ["h": zoneout["h"]!.number!, "c": zoneout["c"]!.number!])
  }

  fileprivate var input: Tensor {
    wave(
      [self["steps"].integer!, self["batch"].integer!, self["input_size"].integer!], phase: 100)
  }

  /// What is stored as a result: all but what a case starts from.
  fileprivate var resultNames: Set<String> {
    Set(tensorNames.filter { !$0.hasPrefix("initial/") && !$0.hasPrefix("mask/") })
  }

  /// The loss of an output and the final states, and themselves.
  fileprivate func loss(of results: [Tensor]) -> (Tensor, [Tensor]) {
    var sum = Tensor(scalar: 0)
    for (index, result) in results.enumerated() {
      sum = sum + (result * wave(result.shape, phase: 400 + 100 * index)).sum()
    }
    return (sum, results)
  }

  /// Holds an output, final states and gradients to everything that is stored.
  fileprivate func expect(_ results: [Tensor], _ gradient: Inputs<some TensorTree>) {
    let states = names("states")
    var found = Dictionary(
      uniqueKeysWithValues: zip(["output"] + states.map { "final/\($0)" }, results))
    found["grad/input"] = gradient.input
    for (path, tensor) in gradient.model.namedTensors { found["grad/\(path)"] = tensor }
    for (state, tensor) in zip(states, gradient.states) { found["grad/initial/\(state)"] = tensor }
    #expect(Set(found.keys) == resultNames)
    for (name, tensor) in found {
      let expected = array(name)
      #expect(
        (name.hasPrefix("grad/")
          ? gradientMismatch(tensor, expected) : mismatch(tensor, expected)) == nil, "\(name)")
    }
  }
}

/// The layers of a case's stack as references, row by row.
private struct ReferenceStack {
  let golden: GoldenCase
  let layers: [ReferenceCell]
  let states: [String]

  init(_ golden: GoldenCase) throws {
    self.golden = golden
    let cell = try golden.cell()
    let names = golden.names("parameters")
    let count = golden["layers"].integer!
    let readBelow = cell.inputs.compactMap(\.stateBelow)
    var features = golden["input_size"].integer!
    var layers: [ReferenceCell] = []
    for layer in 0..<count {
      let own = try (layer == 0 ? cell.lowest : cell).recording(
        layer < count - 1 ? readBelow : [])
      let sizes = CellSizes(input: features, hidden: golden["hidden_size"].integer!)
      let parameters = try own.parameters.map { parameter in
        let phase = try #require(names.firstIndex(of: "\(parameter.name)_l\(layer)"))
        return DoubleArray(wave(try parameter.shape(sizes), scale: 0.5, phase: phase)).values
      }
      layers.append(try ReferenceCell(own, sizes: sizes, parameters: parameters))
      features = sizes.hidden
    }
    try #require(layers.reduce(0) { $0 + $1.cell.parameters.count } == names.count)
    self.layers = layers
    states = golden.names("states")
  }

  /// Everything that the fixture stores, by its name.
  func results() -> [String: DoubleArray] {
    var found: [String: DoubleArray] = [:]
    for name in golden.resultNames { found[name] = golden.array(name).map { _ in .nan } }
    for name in golden.names("parameters") {
      found["grad/\(name)"] = golden.array("grad/\(name)").map { _ in 0 }
    }
    for row in 0..<golden["batch"].integer! { add(row, to: &found) }
    return found
  }

  /// The part of one row: placed where the row stands, or added where rows are summed.
  private func add(_ row: Int, to found: inout [String: DoubleArray]) {
    var runs: [(sequence: ReferenceCell.Sequence, run: ReferenceCell.Run)] = []
    var inputs = [rows(of: DoubleArray(golden.input), row)]
    for (layer, reference) in layers.enumerated() {
      let sequence = ReferenceCell.Sequence(
        inputs: inputs, initialStates: start(reference, layer, row), masks: masks(reference, row))
      let run = reference.run(sequence)
      runs.append((sequence, run))
      inputs = [run.outputs] + run.recordings
      for (state, value) in zip(states, run.finalStates) {
        found["final/\(state)"]!.put(value, [layer, row])
      }
    }
    for (step, value) in runs.last!.run.outputs.enumerated() {
      found["output"]!.put(value, [step, row])
    }

    var outputs = rows(of: weights(found["output"]!, 400), row)
    var recordings: [[[Double]]] = []
    for (layer, reference) in layers.enumerated().reversed() {
      let finals = states.enumerated().map { index, state in
        weights(found["final/\(state)"]!, 500 + 100 * index).row([layer, row])
      }
      let gradients = reference.gradients(
        of: runs[layer].sequence, runs[layer].run, outputs: outputs, recordings: recordings,
        finalStates: finals)
      (outputs, recordings) = (gradients.inputs[0], Array(gradients.inputs.dropFirst()))
      for (parameter, values) in zip(reference.cell.parameters, gradients.parameters) {
        let name = "grad/\(parameter.name)_l\(layer)"
        let sum = found[name]!
        found[name] = DoubleArray(zip(sum.values, values).map { $0 + $1 }, shape: sum.shape)
      }
      for (state, value) in zip(states, gradients.initialStates) {
        found["grad/initial/\(state)"]?.put(value, [layer, row])
      }
    }
    for (step, value) in outputs.enumerated() { found["grad/input"]!.put(value, [step, row]) }
  }

  private func start(_ reference: ReferenceCell, _ layer: Int, _ row: Int) -> [[Double]] {
    states.map { state in
      golden.hasInitialStates
        ? golden.array("initial/\(state)").row([layer, row])
        : golden.array("final/\(state)").row([layer, row]).map { _ in 0 }
    }
  }

  private func masks(_ reference: ReferenceCell, _ row: Int) -> [[[Double]]] {
    golden.hasMasks
      ? reference.cell.masks.map { rows(of: golden.array("mask/\($0.name)"), row) } : []
  }

  private func weights(_ result: DoubleArray, _ phase: Int) -> DoubleArray {
    DoubleArray(wave(result.shape, phase: phase))
  }

  /// Of [steps, batch, size] one row at every step.
  private func rows(of array: DoubleArray, _ row: Int) -> [[Double]] {
    (0..<array.shape[0]).map { array.row([$0, row]) }
  }
}

extension DoubleArray {
  /// The elements along the last of three axes.
  fileprivate func row(_ place: [Int]) -> [Double] { Array(values[range(place)]) }

  fileprivate mutating func put(_ row: [Double], _ place: [Int]) {
    values.replaceSubrange(range(place), with: row)
  }

  private func range(_ place: [Int]) -> Range<Int> {
    let first = (place[0] * shape[1] + place[1]) * shape[2]
    return first..<first + shape[2]
  }
}
