import RecurrentCells
import RecurrentCore

/// A cell's step as the body of a `Scan`: elementary operators, made from the cell's equations.
///
/// Within the body every value has the batch in front of its axes. What depends on nothing but
/// parameters and numbers has a batch of one, which meets every batch.
struct CellScan {
  private typealias Edge = OnnxGraph.Edge

  /// A value of the body.
  private struct Value {
    var edge: Edge
    /// Whether the batch is all of it; else one.
    var isBatched: Bool
  }

  private let cell: Cell
  private let sizes: CellSizes
  private let parameters: [Tensor]
  /// Where stored tensors go: within a loop they would be read again at every step.
  private var outer: OnnxGraph
  private var body: OnnxGraph
  private var values: [Value] = []
  private var maps: [Int: [Edge]] = [:]
  private var mapIsBatched: [Int: Bool] = [:]
  private var given: [Graph.Operation: Edge] = [:]

  /// Appends a `Scan` that runs the cell over a sequence.
  ///
  /// - Parameters:
  ///   - cell: Without random masks.
  ///   - parameters: In the order of ``Cell/parameters``, with zeros where a structure has them.
  ///   - inputs: For each input of the cell [time, batch, size].
  ///   - states: For each state [batch, size], before the first step.
  ///   - isReversed: Whether the last step is taken first.
  /// - Returns: The outputs and recordings [time, batch, size], and the states after the last step
  ///   taken.
  static func append(
    _ cell: Cell, sizes: CellSizes, parameters: [Tensor], inputs: [OnnxGraph.Edge],
    states: [OnnxGraph.Edge], isReversed: Bool, to graph: inout OnnxGraph
  ) -> (outputs: [OnnxGraph.Edge], states: [OnnxGraph.Edge]) {
    var scan = CellScan(cell, sizes, parameters, in: graph)
    scan.build()
    graph = scan.outer
    let direction = isReversed ? 1 : 0
    let results = graph.append(
      "Scan", states + inputs, outputs: states.count + cell.outputs.count,
      [
        "body": .graph(scan.body), "num_scan_inputs": .integer(inputs.count),
        "scan_input_directions": .integers(inputs.map { _ in direction }),
        "scan_output_directions": .integers(cell.outputs.map { _ in direction }),
      ])
    return (Array(results[states.count...]), Array(results[..<states.count]))
  }

  private init(
    _ cell: Cell, _ sizes: CellSizes, _ parameters: [Tensor], in graph: OnnxGraph
  ) {
    self.cell = cell
    self.sizes = sizes
    self.parameters = parameters
    outer = graph
    body = outer.inner(cell.name)
  }

  // MARK: The body

  private mutating func build() {
    for (index, state) in cell.states.enumerated() {
      given[.state(index)] = body.input("state/\(state.name)", [.any, .number(size(state.shape))])
    }
    for (index, input) in cell.inputs.enumerated() {
      given[.input(index)] = body.input(
        "input/\(input.name)", [.any, .number(size([input.extent]))])
    }
    for node in cell.graph.nodes { values.append(value(of: node)) }
    for (index, node) in cell.nextStates.enumerated() {
      body.output(
        row(node), as: "next/\(cell.states[index].name)", [.any, .number(width(node))])
    }
    for (index, node) in cell.outputs.enumerated() {
      body.output(row(node), as: "output/\(index)", [.any, .number(width(node))])
    }
  }

  private func size(_ shape: [Extent]) -> Int { sizes(of: shape).reduce(1, *) }

  private func sizes(of shape: [Extent]) -> [Int] {
    shape.map { extent in
      do { return try extent.resolved(in: sizes) } catch {
        preconditionFailure("A layer has checked its sizes: \(error)")
      }
    }
  }

  private func width(_ node: Graph.NodeIndex) -> Int { size(cell.graph.shape(of: node)) }

  /// A node as [batch, size], for all of the batch.
  private mutating func row(_ node: Graph.NodeIndex) -> Edge {
    let edge = flat(node)
    if values[node].isBatched { return edge }
    let batch = body.append(
      "Slice",
      [
        body.append("Shape", [given[.input(0)]!]), body.integers([0]), body.integers([1]),
        body.integers([0]),
      ])
    return body.append(
      "Expand",
      [edge, body.append("Concat", [batch, body.integers([width(node)])], ["axis": .integer(0)])])
  }

  /// A node as [batch, size].
  private mutating func flat(_ node: Graph.NodeIndex) -> Edge {
    cell.graph.shape(of: node).count == 1
      ? values[node].edge : reshaped(values[node].edge, [width(node)])
  }

  private mutating func reshaped(_ edge: Edge, _ shape: [Int]) -> Edge {
    body.append("Reshape", [edge, body.integers([-1] + shape)])
  }

  private mutating func stored(_ values: [Float], _ shape: [Int], named name: String) -> Edge {
    outer.constant(Tensor(values, shape: [1] + shape), named: name)
  }

  private mutating func number(_ value: Double) -> Edge {
    outer.constant(Tensor(scalar: Float(value)), named: "number")
  }

  // MARK: Nodes

  private mutating func value(of node: Graph.Node) -> Value {
    let shape = sizes(of: node.shape)
    func apply(_ type: String, _ operands: Graph.NodeIndex...) -> Value {
      Value(
        edge: body.append(type, operands.map { values[$0].edge }),
        isBatched: operands.contains { values[$0].isBatched })
    }
    switch node.operation {
    case .input, .state:
      let edge = given[node.operation]!
      return Value(edge: shape.count == 1 ? edge : reshaped(edge, shape), isBatched: true)
    case .parameter(let parameter):
      let stored = stored(
        parameters[parameter].elements, shape, named: cell.parameters[parameter].name)
      return Value(edge: stored, isBatched: false)
    case .mask(let mask):
      let keep = Float(cell.masks[mask].keep)
      let stored = stored([Float](repeating: keep, count: size(node.shape)), shape, named: "mask")
      return Value(edge: stored, isBatched: false)
    case .constant(let value):
      let stored = stored(
        [Float](repeating: Float(value), count: size(node.shape)), shape, named: "number")
      return Value(edge: stored, isBatched: false)
    case .schedule(let schedule):
      return Value(edge: due(cell.schedules[schedule], shape), isBatched: true)
    case .affine(let map, let section):
      let edges = maps[map] ?? sections(of: map)
      maps[map] = edges
      return Value(edge: edges[section], isBatched: mapIsBatched[map]!)
    case .sum(let a, let axis):
      return Value(
        edge: body.append("ReduceSum", [values[a].edge, body.integers([axis + 1])]),
        isBatched: values[a].isBatched)
    case .inverseDeviation(let group):
      return inverseDeviation(cell.graph.normalizations[group])
    case .normal(let x, let mean, let inverse):
      let axes = cell.graph.shape(of: x).count
      let difference = body.append("Sub", [values[x].edge, single(mean, axes)])
      return Value(
        edge: body.append("Mul", [difference, single(inverse, axes)]),
        isBatched: [x, mean, inverse].contains { values[$0].isBatched })
    case .spread(let a, _):
      return Value(
        edge: body.append("Expand", [values[a].edge, body.integers([1] + shape)]),
        isBatched: values[a].isBatched)
    case .reshape(let a):
      return Value(edge: reshaped(values[a].edge, shape), isBatched: values[a].isBatched)
    case .unary(let function, let a): return apply(function.onnxOperator, a)
    case .binary(.greater, let a, let b):
      let greater = apply("Greater", a, b)
      return Value(
        edge: body.append("Cast", [greater.edge], ["to": .integer(1)]),
        isBatched: greater.isBatched)
    case .binary(let arithmetic, let a, let b): return apply(arithmetic.onnxOperator, a, b)
    case .select(let condition, let a, let b):
      let isAbove = body.append("Greater", [values[condition].edge, number(0)])
      return Value(
        edge: body.append("Where", [isAbove, values[a].edge, values[b].edge]),
        isBatched: [condition, a, b].contains { values[$0].isBatched })
    case .forward, .outputGradient, .stateGradient, .gathered, .transposed:
      preconditionFailure("A step forward has no node of its adjoint")
    }
  }

  /// A single number of every row, for a value of some axes.
  private mutating func single(_ node: Graph.NodeIndex, _ axes: Int) -> Edge {
    axes == 1
      ? values[node].edge : reshaped(values[node].edge, [Int](repeating: 1, count: axes))
  }

  /// The sections of W₁ x₁ + W₂ x₂ + … + b₁ + b₂ + …
  private mutating func sections(of index: Int) -> [Edge] {
    let map = cell.graph.affineMaps[index]
    let width = size([map.extent])
    // The batch of the first product is that of the sum.
    let terms =
      map.terms.filter { values[$0.source].isBatched }
      + map.terms.filter { !values[$0.source].isBatched }
    var sum: Edge?
    if !map.biases.isEmpty {
      var bias = [Float](repeating: 0, count: width * map.sections.count)
      for parameter in map.biases {
        for (place, value) in parameters[parameter].elements.enumerated() { bias[place] += value }
      }
      let name = map.biases.map { cell.parameters[$0].name }.joined(separator: "+")
      sum = stored(bias, [bias.count], named: name)
    }
    for term in terms {
      let weight = outer.constant(
        parameters[term.parameter], named: cell.parameters[term.parameter].name)
      sum = body.append("Gemm", [flat(term.source), weight, sum], ["transB": .integer(1)])
    }
    mapIsBatched[index] = terms.contains { values[$0.source].isBatched }
    if map.sections.count == 1 { return [sum!] }
    return body.append(
      "Split", [sum!, body.integers(map.sections.map { _ in width })],
      outputs: map.sections.count, ["axis": .integer(1)])
  }

  /// 1 / √(Σ (x − mean)² / n + ε) over all members.
  private mutating func inverseDeviation(_ normalization: Graph.Normalization) -> Value {
    var sum: Edge?
    for member in normalization.members {
      let difference = body.append("Sub", [flat(member), values[normalization.mean].edge])
      let square = body.append("Mul", [difference, difference])
      let part = body.append("ReduceSum", [square, body.integers([1])])
      sum = sum.map { body.append("Add", [$0, part]) } ?? part
    }
    let count = normalization.members.reduce(0) { $0 + width($1) }
    let variance = body.append("Div", [sum!, number(Double(count))])
    let deviation = body.append(
      "Sqrt", [body.append("Add", [variance, number(normalization.epsilon)])])
    return Value(
      edge: body.append("Reciprocal", [deviation]),
      isBatched: normalization.members.contains { values[$0].isBatched })
  }

  /// 1 in the parts whose period divides the clock, which has been moved by its start.
  private mutating func due(_ schedule: CellSchedule, _ shape: [Int]) -> Edge {
    let count = size([schedule.extent])
    let periods = stored(
      (0..<count).map { Float(schedule.periods[$0 * schedule.periods.count / count]) }, shape,
      named: "periods")
    let clock = body.append(
      "Add", [given[.state(schedule.clock)]!, number(Double(schedule.start))])
    let times = body.append("Floor", [body.append("Div", [clock, periods])])
    let rest = body.append("Sub", [clock, body.append("Mul", [times, periods])])
    return body.append(
      "Cast", [body.append("Equal", [rest, number(0)])], ["to": .integer(1)])
  }
}

extension Graph.Function {
  fileprivate var onnxOperator: String {
    switch self {
    case .negate: "Neg"
    case .abs: "Abs"
    case .exp: "Exp"
    case .log: "Log"
    case .sigmoid: "Sigmoid"
    case .tanh: "Tanh"
    case .softplus: "Softplus"
    case .sqrt: "Sqrt"
    case .floor: "Floor"
    }
  }
}

extension Graph.Arithmetic {
  fileprivate var onnxOperator: String {
    switch self {
    case .add: "Add"
    case .subtract: "Sub"
    case .multiply: "Mul"
    case .divide: "Div"
    case .max: "Max"
    case .min: "Min"
    case .greater: "Greater"
    }
  }
}
