/// A cell's equations evaluated in Double, one scalar at a time: no compiler, no vectors, nothing
/// shared with the engine. It is the oracle the engine is held to.
///
/// It runs one row: one sequence of a batch.
public struct ReferenceCell: Sendable {
  public let cell: Cell
  public let sizes: CellSizes
  /// In the order of ``Cell/parameters``, row-major.
  public var parameters: [[Double]]

  /// - Throws: ``CellError`` where a size does not divide.
  public init(_ cell: Cell, sizes: CellSizes, parameters: [[Double]]) throws(CellError) {
    self.cell = cell
    self.sizes = sizes
    self.parameters = parameters
    for (parameter, values) in zip(cell.parameters, parameters) {
      let count = try parameter.shape(sizes).reduce(1, *)
      precondition(
        values.count == count,
        "\(parameter.name) has \(count) elements, found \(values.count)")
    }
    try cell.check(sizes)
  }

  /// What goes into a sequence of T steps.
  public struct Sequence: Sendable {
    /// For each input of the cell, for each step, a row.
    public var inputs: [[[Double]]]
    /// For each state its value before the first step.
    public var initialStates: [[Double]]
    /// For each mask, for each step, a row; where it is empty a mask is its expectation.
    public var masks: [[[Double]]] = []

    public init(
      inputs: [[[Double]]], initialStates: [[Double]], masks: [[[Double]]] = []
    ) {
      self.inputs = inputs
      self.initialStates = initialStates
      self.masks = masks
    }

    public var steps: Int { inputs[0].count }
  }

  /// What comes out of a sequence, with every value on the way.
  public struct Run: Sendable {
    /// For each step the output.
    public var outputs: [[Double]]
    /// For each recording of the cell for each step its value.
    public var recordings: [[[Double]]]
    /// For each state its value after the last step.
    public var finalStates: [[Double]]
    /// For each step the value of every node of the cell's graph.
    package var values: [[[Double]]]
  }

  /// Gradients of a sequence.
  public struct Gradients: Sendable {
    /// As ``ReferenceCell/parameters``.
    public var parameters: [[Double]]
    public var inputs: [[[Double]]]
    public var initialStates: [[Double]]
  }

  public func run(_ sequence: Sequence) -> Run {
    var states = sequence.initialStates
    var run = Run(
      outputs: [], recordings: cell.recordings.map { _ in [] }, finalStates: [], values: [])
    for step in 0..<sequence.steps {
      let values = evaluate(cell.graph) { operation, _ in
        given(operation, step: step, states: states, sequence)
      }
      states = cell.nextStates.map { values[$0] }
      run.outputs.append(values[cell.output])
      for index in cell.recordings.indices {
        run.recordings[index].append(values[cell.outputs[index + 1]])
      }
      run.values.append(values)
    }
    run.finalStates = states
    return run
  }

  /// - Parameters:
  ///   - outputs: For each step the gradient of the output.
  ///   - recordings: For each recording for each step its gradient.
  ///   - finalStates: The gradients of the states after the last step.
  public func gradients(
    of sequence: Sequence, _ run: Run, outputs: [[Double]], recordings: [[[Double]]] = [],
    finalStates: [[Double]]
  ) -> Gradients {
    let adjoint = cell.adjoint
    var result = Gradients(
      parameters: parameters.map { $0.map { _ in 0 } },
      inputs: sequence.inputs.map { $0.map { $0.map { _ in 0 } } }, initialStates: [])
    var arriving = finalStates
    for step in (0..<sequence.steps).reversed() {
      let forward = run.values[step]
      let states =
        step == 0 ? sequence.initialStates : cell.nextStates.map { run.values[step - 1][$0] }
      let values = evaluate(adjoint.graph) { operation, _ in
        switch operation {
        case .forward(let index): forward[index]
        case .outputGradient(let index): index == 0 ? outputs[step] : recordings[index - 1][step]
        case .stateGradient(let state): arriving[state]
        default: given(operation, step: step, states: states, sequence)
        }
      }
      for (input, node) in adjoint.inputGradients { result.inputs[input][step] = values[node] }
      for gradient in adjoint.vectorGradients {
        for (index, value) in values[gradient.value].enumerated() {
          result.parameters[gradient.parameter][index] += value
        }
      }
      for (map, sections) in adjoint.sectionGradients.enumerated() {
        guard let sections else { continue }
        let stacked = sections.flatMap { values[$0] }
        for bias in cell.graph.affineMaps[map].biases {
          for (index, value) in stacked.enumerated() {
            result.parameters[bias][index] += value
          }
        }
      }
      for gradient in adjoint.matrixGradients {
        let rows = adjoint.sectionGradients[gradient.map]!.flatMap { values[$0] }
        let columns = forward[gradient.source]
        for (i, row) in rows.enumerated() {
          for (j, column) in columns.enumerated()
          where isFree(gradient.parameter, row: i, column: j) {
            result.parameters[gradient.parameter][i * columns.count + j] += row * column
          }
        }
      }
      arriving = adjoint.stateGradients.map { values[$0] }
    }
    result.initialStates = arriving
    return result
  }

  // MARK: One graph

  private func given(
    _ operation: Graph.Operation, step: Int, states: [[Double]], _ sequence: Sequence
  ) -> [Double] {
    switch operation {
    case .input(let input): sequence.inputs[input][step]
    case .state(let state): states[state]
    case .schedule(let schedule): due(cell.schedules[schedule], states)
    case .parameter(let parameter): parameters[parameter]
    case .mask(let mask):
      sequence.masks.isEmpty
        ? [Double](repeating: cell.masks[mask].keep, count: size([cell.masks[mask].extent]))
        : sequence.masks[mask][step]
    default: preconditionFailure("\(operation) is not given from outside")
    }
  }

  private func due(_ schedule: CellSchedule, _ states: [[Double]]) -> [Double] {
    let parts = schedule.isDue(at: states[schedule.clock][0])
    let size = size([schedule.extent])
    return (0..<size).map { parts[$0 * parts.count / size] ? 1 : 0 }
  }

  private func size(_ shape: [Extent]) -> Int {
    shape.reduce(1) { $0 * (try! $1.resolved(in: sizes)) }
  }

  /// Whether an element of a matrix may be other than zero.
  private func isFree(_ parameter: Int, row: Int, column: Int) -> Bool {
    let parameter = cell.parameters[parameter]
    let height = size(parameter.extents)
    let width = size([parameter.columns!])
    switch parameter.structure {
    case .dense: return true
    case .blockDiagonal(let blocks):
      return (row % height) * blocks / height == column * blocks / width
    case .blockUpperTriangular(let blocks):
      return (row % height) * blocks / height <= column * blocks / width
    }
  }

  private func evaluate(
    _ graph: Graph, given: (Graph.Operation, [Extent]) -> [Double]
  ) -> [[Double]] {
    var values: [[Double]] = []
    values.reserveCapacity(graph.nodes.count)
    for node in graph.nodes {
      let count = size(node.shape)
      /// Elements from one place of the axis to the next.
      func inner(_ axis: Int) -> Int { size(Array(node.shape[(axis + 1)...])) }
      switch node.operation {
      case .constant(let value):
        values.append([Double](repeating: value, count: count))
      case .reshape(let a):
        values.append(values[a])
      case .unary(let function, let a):
        values.append(values[a].map(function.evaluate))
      case .binary(let arithmetic, let a, let b):
        values.append(zip(values[a], values[b]).map(arithmetic.evaluate))
      case .select(let condition, let a, let b):
        values.append((0..<count).map { values[condition][$0] > 0 ? values[a][$0] : values[b][$0] })
      case .sum(let a, let axis):
        let inner = inner(axis)
        let length = size([graph.shape(of: a)[axis]])
        values.append(
          (0..<count).map { place in
            (0..<length).reduce(0) {
              $0 + values[a][place / inner * inner * length + $1 * inner + place % inner]
            }
          })
      case .spread(let a, let axis):
        let inner = inner(axis)
        let length = size([node.shape[axis]])
        values.append(
          (0..<count).map { values[a][$0 / (inner * length) * inner + $0 % inner] })
      case .inverseDeviation(let group):
        let normalization = graph.normalizations[group]
        let mean = values[normalization.mean][0]
        let elements = normalization.members.flatMap { values[$0] }
        let squares = elements.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        values.append([1 / (squares / Double(elements.count) + normalization.epsilon).squareRoot()])
      case .normal(let x, let mean, let inverse):
        values.append(values[x].map { ($0 - values[mean][0]) * values[inverse][0] })
      case .affine(let map, let section):
        let affine = graph.affineMaps[map]
        var rows = [Double](repeating: 0, count: count)
        for bias in affine.biases {
          for row in 0..<count { rows[row] += parameters[bias][section * count + row] }
        }
        for term in affine.terms {
          let source = values[term.source]
          for row in 0..<count {
            for column in source.indices
            where isFree(term.parameter, row: section * count + row, column: column) {
              rows[row] +=
                parameters[term.parameter][(section * count + row) * source.count + column]
                * source[column]
            }
          }
        }
        values.append(rows)
      case .transposed(let parameter, let sections):
        let rows = sections.flatMap { values[$0] }
        values.append(
          (0..<count).map { column in
            rows.indices.reduce(0) { sum, row in
              isFree(parameter, row: row, column: column)
                ? sum + parameters[parameter][row * count + column] * rows[row] : sum
            }
          })
      default:
        values.append(given(node.operation, node.shape))
      }
    }
    return values
  }
}
