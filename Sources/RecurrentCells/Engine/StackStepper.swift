import RecurrentCore

/// A stack of layers that takes a step at a time, forward only: everything that a step needs is made
/// when the stepper is, and a step allocates nothing.
package struct StackStepper: ~Copyable, Sendable {
  /// A layer of the stack.
  package struct Layer: Sendable {
    fileprivate let compiled: CompiledCell
    fileprivate let inputs: [Source]
    fileprivate let isResidual: Bool
    fileprivate let timetable: Timetable?
    /// The step in each of its forms, with its weights packed.
    fileprivate let forms: [Form]
    fileprivate let vectors: [Int: Tensor]
    fileprivate let biases: [Int: Tensor]

    fileprivate struct Form: Sendable {
      let step: CutStep
      let weights: [PackedMatrix]
      /// For each schedule of the cell.
      let readsSchedule: [Bool]
    }

    /// Where an input comes from.
    package enum Source: Sendable {
      /// The output of the layer below, or what the lowest layer is given.
      case features
      /// A value that the layer below records.
      case recording(Int)
    }

    /// - Parameters:
    ///   - parameters: In the order of ``Cell/parameters``; what the layer needs of them is made now.
    ///   - inputs: For each input of the cell.
    ///   - isResidual: Whether its features are added to its output.
    package init(
      _ compiled: CompiledCell, parameters: [Tensor], inputs: [Source], isResidual: Bool,
      in context: ComputeContext
    ) {
      let engine = CellEngine(compiled)
      let parameters = parameters.enumerated().map { engine.restricted($1, parameter: $0) }
      let timetable = Timetable(compiled.cell)
      let patterns = timetable?.patterns ?? [DueParts(compiled.cell, clock: 0)]
      let forms = patterns.map {
        compiled.step(.forward(records: false, hoists: false), due: $0)
      }
      self.compiled = compiled
      self.inputs = inputs
      self.isResidual = isResidual
      self.timetable = timetable
      self.forms = forms.map { step in
        Form(
          step: step,
          weights: step.weights.map { engine.packed($0, of: parameters, in: context) },
          readsSchedule: compiled.cell.schedules.indices.map { step.reads(schedule: $0) })
      }
      var vectors: [Int: Tensor] = [:]
      for case .parameter(let parameter) in forms.flatMap(\.operands).map(\.place) {
        vectors[parameter] = parameters[parameter]
      }
      self.vectors = vectors
      biases = compiled.biases(of: parameters)
    }
  }

  package let rows: Int
  private let layers: [Layer]
  private let context: ComputeContext
  private let steps: PreparedSteps
  private let input: TensorBuffer
  private let inputCount: Int
  private let output: BlockOperand
  private let outputCount: Int
  /// For each layer its states, two steps in turn.
  private let states: [[TensorBuffer]]
  /// For each layer its schedules: 1 where a part is due, for each row.
  private let schedules: [[TensorBuffer]]
  /// Where the states before the next step stand: 0 or 1.
  private var turn = 0

  /// All states are zero.
  package init(_ layers: [Layer], rows: Int, in context: ComputeContext) {
    self.layers = layers
    self.rows = rows
    self.context = context
    inputCount = rows * layers[0].compiled.inputSizes[0]
    input = TensorBuffer(uninitialized: inputCount, in: context)
    var below: LayerMemory?
    var features = BlockOperand(
      input, stepStride: 0, rowStride: layers[0].compiled.inputSizes[0])
    var states: [[TensorBuffer]] = []
    var schedules: [[TensorBuffer]] = []
    var forms: [[StepForm]] = []
    for layer in layers {
      let memory = LayerMemory(layer, rows: rows, features: features, below: below, in: context)
      forms.append(memory.forms)
      states.append(memory.states)
      schedules.append(memory.schedules)
      features = memory.features
      below = memory
    }
    self.states = states
    self.schedules = schedules
    output = features
    outputCount = rows * layers[layers.count - 1].compiled.outputSize
    steps = PreparedSteps(forms, rows: rows, in: context)
  }

  /// Another stepper with the same weights, at the same states.
  package func fork() -> StackStepper {
    let copy = StackStepper(layers, rows: rows, in: context)
    for layer in layers.indices {
      for (state, size) in layers[layer].compiled.stateSizes.enumerated() {
        copy.states[layer][state].copy(
          rows * size, from: states[layer][state], at: turn * rows * size, to: 0)
      }
    }
    return copy
  }

  /// - Parameters:
  ///   - input: [rows, input size].
  ///   - output: [rows, output size].
  package mutating func step(_ input: Span<Float>, into output: inout MutableSpan<Float>) {
    precondition(
      input.count == inputCount && output.count == outputCount,
      "A step reads \(inputCount) numbers and writes \(outputCount), "
        + "found \(input.count) and \(output.count)")
    self.input.write(input)
    for layer in layers.indices where layers[layer].timetable != nil { chooseForm(layer) }
    steps.run(step: turn)
    self.output.read(step: turn, into: &output)
    turn = 1 - turn
  }

  // MARK: States

  /// A state of all layers [layers, rows, size].
  package func state(_ state: Int) -> Tensor {
    let size = layers[0].compiled.stateSizes[state]
    let count = rows * size
    var value = Tensor(uninitialized: [layers.count, rows, size], on: context)
    for layer in layers.indices {
      value.copyElements(count, from: states[layer][state], at: turn * count, to: layer * count)
    }
    return value
  }

  /// Puts a state of all layers in the place of the one before the next step; nil: zero.
  package mutating func setState(_ state: Int, to value: Tensor?) {
    let count = rows * layers[0].compiled.stateSizes[state]
    precondition(
      value.map { $0.count == layers.count * count } ?? true,
      "A state has \(layers.count * count) numbers, found \(value?.shape ?? [])")
    for layer in layers.indices {
      let buffer = states[layer][state]
      if let value {
        buffer.copy(count, from: value.buffer, at: value.offset + layer * count, to: turn * count)
      } else {
        buffer.fill(turn * count..<(turn + 1) * count)
      }
    }
  }

  // MARK: Clocks

  /// Chooses a layer's form for what its clocks say, and writes down what is due where it asks.
  private func chooseForm(_ layer: Int) {
    let timetable = layers[layer].timetable!
    let clocks = states[layer][timetable.clock]
    let first = Double(clocks[turn * rows])
    var isOne = true
    for row in 1..<max(rows, 1) where Double(clocks[turn * rows + row]) != first { isOne = false }
    let form = (isOne ? timetable.form(at: first) : nil) ?? timetable.patterns.count - 1
    steps.choose(form: form, layer: layer)
    for schedule in layers[layer].compiled.cell.schedules.indices
    where layers[layer].forms[form].readsSchedule[schedule] {
      for row in 0..<rows {
        fill(schedule, layer: layer, row: row, clock: Double(clocks[turn * rows + row]))
      }
    }
  }

  private func fill(_ index: Int, layer: Int, row: Int, clock: Double) {
    let schedule = layers[layer].compiled.cell.schedules[index]
    let size = layers[layer].compiled.size(of: schedule.extent)
    let width = size / schedule.periods.count
    for part in schedule.periods.indices {
      let isDue = schedule.isDue(part: part, at: clock)
      for unit in part * width..<(part + 1) * width {
        schedules[layer][index][row * size + unit] = isDue ? 1 : 0
      }
    }
  }
}

/// Which form of a step is taken when.
private struct Timetable: Sendable {
  /// What is due, as often as it differs, and then nil: what is due differs between rows.
  let patterns: [DueParts?]
  /// The state that is the clock.
  let clock: Int
  /// For each reading of the clock which of the patterns it is, over and over; empty where there is
  /// no end of them.
  private let patternOfReading: [Int]

  /// More readings, or more patterns, are not told from each other.
  private static let mostReadings = 4096
  private static let mostPatterns = 64

  /// Nil where everything is always due.
  init?(_ cell: Cell) {
    guard let first = cell.schedules.first else { return nil }
    clock = first.clock
    var readings = 1
    for period in cell.schedules.flatMap(\.periods) where readings <= Self.mostReadings {
      readings = readings / Self.commonDivisor(readings, period) * period
    }
    var known: [DueParts: Int] = [:]
    var patterns: [DueParts?] = []
    var patternOfReading: [Int] = []
    if readings <= Self.mostReadings {
      for reading in 0..<readings {
        let due = DueParts(cell, clock: Double(reading))
        let pattern = known[due] ?? patterns.count
        if pattern == patterns.count {
          known[due] = pattern
          patterns.append(due)
        }
        patternOfReading.append(pattern)
      }
    }
    let isShort = patterns.count <= Self.mostPatterns
    self.patterns = (isShort ? patterns : []) + [nil]
    self.patternOfReading = isShort ? patternOfReading : []
  }

  /// The form that is taken by rows whose clocks all read the same; nil: the last one.
  func form(at clock: Double) -> Int? {
    guard !patternOfReading.isEmpty, let reading = Int(exactly: clock.rounded()) else { return nil }
    let turn = reading % patternOfReading.count
    return patternOfReading[turn < 0 ? turn + patternOfReading.count : turn]
  }

  private static func commonDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : commonDivisor(b, a % b)
  }
}

/// Memory for the places of a layer's step.
private struct LayerMemory {
  let states: [TensorBuffer]
  let schedules: [TensorBuffer]
  /// The layer's output, with what is added to it.
  private(set) var features: BlockOperand
  private(set) var forms: [StepForm] = []

  private let layer: StackStepper.Layer
  private let rows: Int
  private let context: ComputeContext
  private let inputs: [BlockOperand]
  private let masks: [TensorBuffer]
  private let outputs: [Int: BlockOperand]
  private var passed: [Graph.NodeIndex: BlockOperand] = [:]

  init(
    _ layer: StackStepper.Layer, rows: Int, features given: BlockOperand, below: LayerMemory?,
    in context: ComputeContext
  ) {
    let compiled = layer.compiled
    let cell = compiled.cell
    self.layer = layer
    self.rows = rows
    self.context = context
    func rowsOf(_ width: Int) -> BlockOperand {
      BlockOperand(
        TensorBuffer(uninitialized: rows * width, in: context), stepStride: 0, rowStride: width)
    }
    inputs = layer.inputs.map { source in
      switch source {
      case .features: given
      case .recording(let index): below!.output(1 + index)
      }
    }
    states = compiled.stateSizes.map { size in
      let buffer = TensorBuffer(uninitialized: 2 * rows * size, in: context)
      buffer.fill(0..<2 * rows * size)
      return buffer
    }
    schedules = cell.schedules.map {
      TensorBuffer(uninitialized: rows * compiled.size(of: $0.extent), in: context)
    }
    // Without a key a mask is what it is on average.
    masks = cell.masks.map { mask in
      let size = compiled.size(of: mask.extent)
      let buffer = TensorBuffer(uninitialized: size, in: context)
      buffer.fill(0..<size, with: Float(mask.keep))
      return buffer
    }
    var outputs: [Int: BlockOperand] = [:]
    for (index, node) in cell.outputs.enumerated()
    where CompiledCell.lastingPlace(node, of: cell) == .output(index) {
      outputs[index] = rowsOf(compiled.outputSizes[index])
    }
    self.outputs = outputs
    features = given
    for case .passed(let node) in layer.forms.flatMap(\.step.operands).map(\.place)
    where passed[node] == nil {
      passed[node] = rowsOf(compiled.nodeSizes[node])
    }
    let output = output(0)
    features = layer.isResidual ? rowsOf(compiled.outputSize) : output
    forms = layer.forms.map { taken in
      var form = StepForm(
        stages: taken.step.stages,
        operands: taken.step.operands.map { part in
          var operand = operand(part.place)
          operand.offset += part.first
          return operand
        },
        weights: taken.weights)
      if layer.isResidual { form.addStage(output, plus: given, into: features) }
      return form
    }
  }

  /// The output, or what is recorded.
  private func output(_ index: Int) -> BlockOperand {
    let cell = layer.compiled.cell
    switch CompiledCell.lastingPlace(cell.outputs[index], of: cell)! {
    case .stateAfter(let state): return self.state(state, stepOffset: 1)
    case .output(let first): return outputs[first]!
    default: preconditionFailure("An output lasts")
    }
  }

  private func state(_ state: Int, stepOffset: Int) -> BlockOperand {
    let size = layer.compiled.stateSizes[state]
    return BlockOperand(
      states[state], stepStride: rows * size, rowStride: size, stepOffset: stepOffset, ring: 2)
  }

  private func operand(_ place: Place) -> BlockOperand {
    func row(_ tensor: Tensor, from first: Int = 0) -> BlockOperand {
      BlockOperand(tensor.buffer, offset: tensor.offset + first, stepStride: 0, rowStride: 0)
    }
    switch place {
    case .input(let index): return inputs[index]
    case .mask(let mask): return BlockOperand(masks[mask], stepStride: 0, rowStride: 0)
    case .schedule(let schedule):
      let size = layer.compiled.size(of: layer.compiled.cell.schedules[schedule].extent)
      return BlockOperand(schedules[schedule], stepStride: 0, rowStride: size)
    case .parameter(let parameter): return row(layer.vectors[parameter]!)
    case .bias(let map, let section):
      return row(layer.biases[map]!, from: section * layer.compiled.sectionWidth(map))
    case .stateBefore(let state): return self.state(state, stepOffset: 0)
    case .stateAfter(let state): return self.state(state, stepOffset: 1)
    case .output(let index): return outputs[index]!
    case .passed(let node): return passed[node]!
    default: preconditionFailure("\(place) is no place of a single step")
    }
  }
}

extension StepForm {
  /// A last stage that adds two arrays of rows.
  fileprivate mutating func addStage(
    _ first: BlockOperand, plus second: BlockOperand, into sum: BlockOperand
  ) {
    let place = operands.count
    operands += [first, second, sum]
    var program = BlockProgram(
      operations: [
        .load(place, into: 0), .load(place + 1, into: 1), .binary(.add, 0, 1, into: 0),
        .store(0, to: place + 2),
      ],
      slotCount: 2, units: 0..<sum.rowStride)
    // Its units need not be shared as those of the stages before are.
    program.readsAcrossUnits = true
    stages.append([program])
  }
}
