import RecurrentCells
import RecurrentCore
import TestSupport
import Testing

/// A cell with sizes and numbers to try it on: everything unequal and odd, so that no two axes can
/// be mistaken for each other and every block has a tail.
struct CellCase: Sendable, CustomTestStringConvertible {
  let name: String
  let cell: Cell
  var sizes = CellSizes(input: 7, hidden: 11)
  var steps = 5
  var rows = 3
  /// How far the clocks of the rows are apart.
  var clockSpread: Int
  /// States that are above 0 in every run.
  private var positiveStates: Set<String>

  var testDescription: String {
    "\(name) I\(sizes.input) H\(sizes.hidden) T\(steps) B\(rows)"
  }

  /// Sizes as odd as the cell's modules or heads allow.
  init(
    _ name: String, _ cell: Cell, inOnes divisor: Int = 1, positive: Set<String> = [],
    clockSpread: Int = 1
  ) {
    self.clockSpread = clockSpread
    self.name = name
    self.cell = cell
    self.divisor = divisor
    positiveStates = positive
    sizes = CellSizes(input: 7, hidden: hidden(11))
  }

  /// What the hidden size must divide by.
  private let divisor: Int

  private func hidden(_ size: Int) -> Int { (size + divisor - 1) / divisor * divisor }

  /// Every preset as it is, combinations of options, and cells made up to use what no member of the
  /// family uses.
  static let all: [CellCase] = try! presets + combinations + madeUp

  private static var presets: [CellCase] {
    get throws {
      try Cell.presets.flatMap { preset -> [CellCase] in
        let cell = try Cell.named(preset.name)
        let divisor = [1, 4, 8].first { (try? cell.check(CellSizes(input: 7, hidden: $0))) != nil }!
        let positive: Set<String> = preset.name == "slstm" ? ["n"] : []
        let whole = CellCase(preset.name, cell, inOnes: divisor, positive: positive)
        return try cell.readsBelow
          ? [whole, CellCase("\(preset.name), lowest", cell.lowest, inOnes: divisor)] : [whole]
      }
    }
  }

  private static var combinations: [CellCase] {
    get throws {
      try [
        "lstm:peepholes=o", "lstm:projection=5", "lstm:projection=13,peepholes=i+o",
        "lstm:peepholes=i+f+o,full-peepholes=yes", "lstm:coupled=i=1-f",
        "lstm-coupled:peepholes=i+o,projection=5,layer-norm=haste", "lstm:layer-norm=tf-addons",
        "lstm:peepholes=i+f+o,gate-clip=0.4", "lstm:cell-clip=0.3,projection=9,projection-clip=0.2",
        "lstm:gate-activation=hard-sigmoid,activation=softsign,output-activation=elu",
        "lstm:activation=leaky-relu,output-activation=softplus",
        "lstm-depth-gated:depth-gate=all,coupled=f=1-i,peepholes=i+o,full-peepholes=yes",
        "lstm-full-gate-recurrence:projection=5,layer-norm=haste", "indrnn:activation=tanh",
        "min-gru:positive=yes", "min-lstm:positive=yes", "janet:beta=0.5",
      ].flatMap { text -> [CellCase] in
        let cell = try Cell.named(text)
        return try cell.readsBelow
          ? [CellCase(text, cell), CellCase("\(text), lowest", cell.lowest)]
          : [CellCase(text, cell)]
      } + [
        CellCase("clockwork, late", .clockwork(periods: [1, 2, 3], start: 1), inOnes: 3),
        // Modules of more units than a vector holds, of periods that leave steps without any.
        CellCase("clockwork, wide", .clockwork(periods: [2, 3, 5], start: 3), inOnes: 51),
        CellCase(
          "clockwork, wide, together", .clockwork(periods: [2, 3, 5], start: 3), inOnes: 51,
          clockSpread: 0),
        CellCase(
          "clockwork without bias, together", .clockwork(periods: [1, 4], bias: false),
          inOnes: 34, clockSpread: 0),
        CellCase("slstm, wide heads", .slstm(heads: 2), inOnes: 46, positive: ["n"]),
        CellCase("slstm, one head", .slstm(heads: 1), positive: ["n"]),
        CellCase("mlstm, one head", .mlstm(heads: 1)),
        CellCase("mlstm, three heads", .mlstm(heads: 3), inOnes: 3),
        CellCase(
          "zoneout and recurrent dropout",
          .lstm().regularized(zoneout: ["h": 0.2, "c": 0.4], recurrentDropout: 0.3)),
        CellCase(
          "zoneout, expected", .gru().regularized(zoneout: ["h": 0.2]).expected!),
        CellCase("recording", .lstm(peepholes: [.output]).recording(["f", "c", "o", "h", "f"])),
        CellCase(
          "recording what is kept",
          .named("lstm:layer-norm=tf-addons,cell-clip=0.3").recording(["keep_c", "f", "keep_c"])),
        CellCase("recording of heads", .mlstm(heads: 3).recording(["q", "i", "C"]), inOnes: 3),
        CellCase("recording a product", .lstm(.depthGated).recording(["d", "c"])),
      ]
    }
  }

  private static var madeUp: [CellCase] {
    get throws {
      try [
        CellCase("layer norm", layerNorm()),
        CellCase("output not a state", separateOutput()),
        CellCase("further input", depthGate()),
        CellCase("masks", zoneout()),
        CellCase("clock", clockwork()),
        CellCase("matrix state", matrixMemory(), inOnes: 3),
        CellCase("number over two axes", numberOverTwoAxes(), inOnes: 3),
        CellCase("structured", structured(), inOnes: 12),
        CellCase("two schedules", twoSchedules(), inOnes: 34),
        CellCase("two schedules, together", twoSchedules(), inOnes: 34, clockSpread: 0),
        CellCase("every function", everyFunction()),
        CellCase("residual", residual()),
        CellCase("residual through a map", mappedResidual()),
        CellCase("parameters and masks", parametersAndMasks()),
      ]
    }
  }

  /// Sizes that reach the paths a small batch does not: hoisted products, row tails, long rows.
  static let shapes: [CellCase] = all.flatMap { base -> [CellCase] in
    var wide = base
    wide.sizes = CellSizes(input: 36, hidden: base.hidden(37))
    (wide.steps, wide.rows) = (4, 17)
    var single = base
    single.sizes = CellSizes(input: 33, hidden: base.hidden(19))
    (single.steps, single.rows) = (17, 1)
    // So few rows and so many units that threads share the units and meet at every step.
    var broad = base
    broad.sizes = CellSizes(input: 5, hidden: base.hidden(149))
    (broad.steps, broad.rows) = (3, 2)
    broad.clockSpread = 0
    single.clockSpread = 0
    return [base, wide, single, broad]
  }

  // MARK: Numbers

  private func wave(_ count: Int, _ phase: Double, scale: Double = 0.4) -> [Double] {
    (0..<count).map { Double(Float(scale * oscillation(Double($0) * 1.7 + phase))) }
  }

  func compiled() throws -> CompiledCell { try CompiledCell(cell, sizes: sizes) }

  func parameters() throws -> [[Double]] {
    let compiled = try compiled()
    return compiled.parameterShapes.enumerated().map { index, shape in
      let scale = shape.count == 2 ? 0.8 / Double(shape[1]).squareRoot() : 0.5
      return wave(shape.reduce(1, *), Double(index), scale: scale)
    }
  }

  /// For each row of the batch its sequence, of the row's own length.
  func sequences(lengths: [Int]? = nil) throws -> [ReferenceCell.Sequence] {
    let compiled = try compiled()
    return (0..<rows).map { row in
      let length = lengths?[row] ?? steps
      func rows(_ width: Int, _ phase: Double) -> [[Double]] {
        (0..<length).map { wave(width, phase + Double($0) * 0.9 + Double(row) * 2.3, scale: 1) }
      }
      return ReferenceCell.Sequence(
        inputs: compiled.inputSizes.enumerated().map { rows($1, Double($0) * 5) },
        initialStates: compiled.stateSizes.enumerated().map { index, width in
          if cell.states[index].isClock { return [Double(row * clockSpread)] }
          let values = wave(width, Double(index) * 3 + Double(row), scale: 0.7)
          return positiveStates.contains(cell.states[index].name)
            ? values.map { 0.5 + abs($0) } : values
        },
        masks: cell.masks.enumerated().map { index, mask in
          let width = compiled.nodeSizes[
            cell.graph.nodes.firstIndex { $0.operation == .mask(index) }!]
          let drawn = rows(width, 31).map { $0.map { $0 > 0 ? 1.0 : 0 } }
          return mask.perSequence ? drawn.map { _ in drawn[0] } : drawn
        })
    }
  }
}

// MARK: - Cells for what the family does not use

/// sin, written here so that no test depends on a library's.
private func oscillation(_ x: Double) -> Double {
  let turn = 6.283185307179586
  let reduced = x - (x / turn).rounded() * turn
  var (term, sum) = (reduced, reduced)
  for k in 1..<16 {
    term *= -reduced * reduced / Double((2 * k) * (2 * k + 1))
    sum += term
  }
  return sum
}

private func layerNorm() throws -> Cell {
  try Cell("layer norm") { step in
    let h = step.state("h")
    let x = step.affine(["a", "b"], of: step.input)
    let u = step.affine(["a", "b"], of: h, bias: false)
    let gain = step.parameter("gain", start: .constant(1))
    let a = (x["a"] + u["a"]).normalized() * gain
    let next = tanh(a) * sigmoid(x["b"] + u["b"]) + h * 0.5
    step.next(h, next)
    step.output(next.normalized())
  }
}

private func separateOutput() throws -> Cell {
  try Cell("separate output") { step in
    let h = step.state("h")
    let next = tanh(step.affine(of: step.input, named: "ih") + h * 0.7)
    step.next(h, next)
    step.output(step.affine(of: next * next, size: 9, named: "out"))
  }
}

private func depthGate() throws -> Cell {
  try Cell("depth gate") { step in
    let h = step.state("h")
    let below = step.furtherInput("memory")
    let gate = sigmoid(step.affine(of: step.input, named: "d") + step.peephole("d", below))
    let next = gate * below + (1 - gate) * tanh(step.affine(of: h, named: "hh"))
    step.next(h, next)
    step.output(next)
  }
}

private func zoneout() throws -> Cell {
  try Cell("zoneout") { step in
    let h = step.state("h")
    let kept = step.mask("zoneout", keep: 0.3)
    let variational = step.mask("variational", keep: 0.8, perSequence: true)
    let next = tanh(step.affine(["h"], of: step.input, h * variational)["h"])
    step.next(h, h + kept * (next - h))
    step.output(next)
  }
}

private func clockwork() throws -> Cell {
  try Cell("clock") { step in
    let h = step.state("h")
    let half = (step.clock + 0.5) / 2
    let phase = half - floor(half) - 0.5
    let next = tanh(step.affine(["h"], of: step.input, h)["h"])
    step.next(h, select(phase, next, h))
    step.output(h + next)
  }
}

private func matrixMemory() throws -> Cell {
  try Cell("matrix memory") { step in
    let heads = 3
    let width = Extent.hidden / heads
    let memory = step.state("C", shape: [Extent(heads), width, width])
    let a = step.affine(["q", "k", "v"], of: step.input)
    let gate = sigmoid(step.affine(of: step.input, size: Extent(heads), named: "f"))
    let key = (a["k"] / 4).reshaped([Extent(heads), width, 1])
    let value = a["v"].reshaped([Extent(heads), 1, width])
    let next =
      memory * gate.reshaped([Extent(heads), 1, 1])
      + key.spread(axis: 2, to: width) * value.spread(axis: 1, to: width)
    step.next(memory, next)
    let read = (next * a["q"].reshaped([Extent(heads), width, 1])).sum(axis: 1)
    step.output(read.reshaped([.hidden]))
  }
}

extension LSTMOptions {
  fileprivate static var depthGated: LSTMOptions {
    var options = LSTMOptions()
    options.depthGate = .all
    return options
  }
}

private func numberOverTwoAxes() throws -> Cell {
  try Cell("number over two axes") { step in
    let h = step.state("h")
    let next = tanh(step.affine(["h"], of: step.input, h)["h"])
    let table = next.reshaped([3, .hidden / 3])
    let share = table / (1 + (next * next).sum()) - max(table, next.sum())
    step.next(h, tanh(share.reshaped([.hidden])))
    step.output(next)
  }
}

private func structured() throws -> Cell {
  try Cell("structured") { step in
    let h = step.state("h")
    let next = tanh(
      step.affine(
        ["h"], of: step.input, h,
        structures: [.dense, .blockUpperTriangular(blocks: 4)])["h"]
        + step.affine(
          ["d"], of: h, bias: false, named: "d", structures: [.blockDiagonal(blocks: 3)])[
          "d"])
    step.next(h, next)
    step.output(next)
  }
}

/// Gates and states of two sizes that wait for times of their own, dense matrices between them, and
/// a value behind a schedule that another stage reads.
private func twoSchedules() throws -> Cell {
  try Cell("two schedules") { step in
    let h = step.state("h")
    let memory = step.state("n", size: 2 * .hidden)
    let a = step.affine(["i", "f", "g"], of: step.input, h)
    let seldom = step.due(every: [3, 2], start: 1)
    let often = step.due(every: [1, 2, 4, 3], size: 2 * .hidden)
    let change = select(seldom, sigmoid(a["i"]) * tanh(a["g"]), 0 * h)
    let wide =
      step.affine(of: change, size: 2 * .hidden, named: "change")
      + step.affine(of: memory, size: 2 * .hidden, named: "memory")
    step.next(memory, select(often, tanh(wide) / (1.5 + sigmoid(wide)), memory))
    let next = select(seldom, sigmoid(a["f"]) * h + change, h)
    step.next(h, next)
    step.output(next + step.affine(of: memory, named: "out"))
  }
}

private func residual() throws -> Cell {
  try Cell("residual") { step in
    let h = step.state("h")
    let next = tanh(step.affine(["h"], of: step.input, h)["h"] + h)
    step.next(h, next)
    step.output(next)
  }
}

private func mappedResidual() throws -> Cell {
  try Cell("residual through a map") { step in
    let h = step.state("h")
    let inner = tanh(step.affine(["h"], of: step.input, h)["h"])
    let next = step.affine(of: inner, named: "out") + h
    step.next(h, next)
    step.output(next)
  }
}

private func parametersAndMasks() throws -> Cell {
  try Cell("parameters and masks") { step in
    let h = step.state("h")
    let kept = step.mask("kept", keep: 0.6)
    let once = step.mask("once", keep: 0.5, perSequence: true)
    let shift = step.parameter("shift") * kept + step.parameter("other") * once
    let mapped = step.affine(of: kept, named: "m") + step.affine(of: once, named: "o")
    let learnt = step.affine(of: step.parameter("vector"), bias: false, named: "v")
    let next = tanh(step.affine(["h"], of: step.input, h)["h"] + shift + mapped + learnt)
    step.next(h, next)
    step.output(next)
  }
}

private func everyFunction() throws -> Cell {
  try Cell("every function") { step in
    let h = step.state("h")
    let memory = step.state("n", size: 2 * .hidden)
    let a = step.affine(["a", "b", "c", "d"], of: step.input, h)
    let wide = step.affine(of: a["a"], size: 2 * .hidden, named: "wide")
    let positive = exp(0.3 * a["a"])
    let root = sqrt(positive + 1)
    let mixed = log(positive + root) / (2 + sigmoid(a["b"])) - 1 / (positive + 1)
    let bounded = min(max(mixed, tanh(a["c"])), a["d"] * 0.5 + 1)
    let chosen = select(greater(a["d"], a["c"]), bounded, -abs(a["b"]))
    step.next(memory, memory * 0.5 + tanh(wide))
    let next = tanh(chosen + relu(a["b"]) * 0.1)
    step.next(h, next)
    step.output(next)
  }
}
