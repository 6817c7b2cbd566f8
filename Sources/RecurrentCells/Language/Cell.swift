/// A recurrent cell: the equations of one step, written once.
///
/// Parameters and their names, the forward step, the derived backward, the float64 reference and
/// everything else about the cell come from its equations.
///
/// ```swift
/// let cell = try Cell("rnn") { step in
///   let h = step.state("h")
///   let next = tanh(step.affine([""], of: step.input, h)[""])
///   step.next(h, next)
///   step.output(next)
/// }
/// ```
public struct Cell: Sendable {
  /// The equations of a step, which say what they make to the step they are given.
  public typealias Equations = @Sendable (Step) throws(CellError) -> Void

  public let name: String
  /// What is learnt, in the order in which the equations declare it; ``listingOrder`` is PyTorch's.
  public let parameters: [CellParameter]
  /// What is carried from step to step, in the order of declaration.
  public let states: [CellState]
  /// What each step is given: the layer's input, then further sequences.
  public let inputs: [CellInput]
  public let masks: [CellMask]
  public let schedules: [CellSchedule]
  /// Values that a layer gives out besides its output, in the order asked for.
  public let recordings: [String]

  package let graph: Graph
  package let nextStates: [Graph.NodeIndex]
  /// The output, then what is recorded.
  package let outputs: [Graph.NodeIndex]
  /// Values that the equations name, in the order of naming.
  package let names: [CellName]
  package let adjoint: Adjoint
  /// The matrix memory that the equations have, if they have one.
  package let matrixMemory: CellMatrixMemory?
  package let form: Form
  /// Whether the equations read a state of the layer below where there is one.
  package let readsBelow: Bool
  private let equations: Equations

  /// - Parameters:
  ///   - name: How the cell is called in messages and files; nothing depends on it.
  ///   - equations: Uses the step's vocabulary, sets every state, names the output. They are run
  ///     once for every form of the cell that is asked for.
  /// - Throws: ``CellError`` where the equations are not well formed.
  public init(_ name: String, _ equations: @escaping Equations) throws(CellError) {
    try self.init(name, form: Form(), equations)
    // The lowest layer of a stack has equations of its own, which are to be well formed as well.
    if readsBelow { _ = try lowest }
  }

  private init(
    _ name: String, form: Form, _ equations: @escaping Equations
  ) throws(CellError) {
    func refusal(_ code: CellError.Code, _ sentence: String) -> CellError {
      CellError(code, "cell \"\(name)\": \(sentence)")
    }
    let step = Step(form)
    try equations(step)
    step.zoneOut()
    if let error = step.firstError { throw refusal(error.code, error.description) }
    var nextStates: [Graph.NodeIndex] = []
    for (index, state) in step.states.enumerated() {
      guard let next = step.nextStates[index] else {
        throw refusal(.unsetState, "state \"\(state.name)\" is never given its next value")
      }
      nextStates.append(next)
    }
    guard let output = step.outputNode else {
      throw refusal(.missingOutput, "no output is named")
    }
    var outputs = [output]
    for recorded in form.recordings {
      if let state = step.states.firstIndex(where: { $0.name == recorded }) {
        outputs.append(nextStates[state])
      } else if let named = step.names.first(where: { $0.name == recorded }) {
        outputs.append(named.node)
      } else if let state = step.states.firstIndex(where: {
        !$0.isClock && Self.retention($0.name) == recorded
      }),
        let kept = step.graph.retention(of: state, in: nextStates[state])
      {
        outputs.append(kept)
      } else {
        let kept = step.graph.retainedStates(step.states, nextStates).map(Self.retention)
        let known = step.states.map(\.name) + step.names.map(\.name) + kept
        throw refusal(
          .unknownName,
          "nothing is called \"\(recorded)\"; there are \(known.joined(separator: ", "))")
      }
    }
    self.name = name
    self.form = form
    self.equations = equations
    self.states = step.states
    self.inputs = step.inputs
    self.masks = step.masks
    self.schedules = step.schedules
    self.names = step.names
    self.graph = step.graph
    self.nextStates = nextStates
    self.outputs = outputs
    self.recordings = form.recordings
    self.readsBelow = step.readsBelow
    self.parameters = step.parameters
    self.matrixMemory = step.matrixMemory
    self.adjoint = Adjoint(of: step.graph, nextStates: nextStates, outputs: outputs)
  }

  /// A part of another cell's step: equations without states, and without forms of their own.
  init(
    _ name: String, graph: Graph, inputs: [CellInput], parameters: [CellParameter],
    outputs: [Graph.NodeIndex]
  ) {
    self.name = name
    self.graph = graph
    self.inputs = inputs
    self.parameters = parameters
    self.outputs = outputs
    form = Form()
    equations = { (_: Step) throws(CellError) in
      throw CellError(.invalidOption, "\(name) is a part of a step, which has no forms")
    }
    (states, masks, schedules, names, recordings, nextStates) = ([], [], [], [], [], [])
    matrixMemory = nil
    readsBelow = false
    adjoint = Adjoint(of: graph, nextStates: [], outputs: outputs)
  }

  /// The output.
  package var output: Graph.NodeIndex { outputs[0] }
  /// The size of the output.
  public var outputExtent: Extent { graph.shape(of: output)[0] }

  /// What can be recorded: the states, then the values that the equations name.
  public var recordableNames: [String] { states.map(\.name) + names.map(\.name) }

  /// The states of which a part passes from step to step unit by unit, as c of an LSTM and h of a
  /// GRU; that part can be recorded as well, under the name ``retention(_:)``.
  public var retainedStates: [String] { graph.retainedStates(states, nextStates) }

  /// How the part of a state that is kept from a step to the next is called in a recording: `keep_c`.
  public static func retention(_ state: String) -> String { "keep_\(state)" }

  /// Whether there is something of that name to record.
  package func canRecord(_ name: String) -> Bool {
    recordableNames.contains(name) || retainedStates.map(Self.retention).contains(name)
  }

  /// The parameters' places in the order of PyTorch's lists: matrices of inputs and states, biases,
  /// then all others, each kind in the order of declaration.
  public var listingOrder: [Int] {
    let gates = Set(
      graph.affineMaps.lazy.flatMap(\.terms).filter { term in
        switch graph.nodes[term.source].operation {
        case .input, .state: true
        default: false
        }
      }.map(\.parameter))
    let biases = Set(graph.affineMaps.flatMap(\.biases))
    func rank(_ index: Int) -> Int { gates.contains(index) ? 0 : biases.contains(index) ? 1 : 2 }
    return parameters.indices.sorted { (rank($0), $0) < (rank($1), $1) }
  }
}

// MARK: - Sizes

extension Cell {
  /// - Throws: ``CellError`` where a size does not divide into the parts that the equations ask for.
  package func check(_ sizes: CellSizes) throws(CellError) {
    var extents = (graph.nodes + adjoint.graph.nodes).flatMap(\.shape)
    for parameter in parameters {
      guard parameter.structure.blocks > 1, let columns = parameter.columns else { continue }
      extents += (parameter.extents + [columns]).map { $0 / parameter.structure.blocks }
    }
    extents += schedules.map { $0.extent / $0.periods.count }
    do {
      for extent in extents { _ = try extent.resolved(in: sizes) }
    } catch {
      throw CellError(error.code, "cell \"\(name)\": \(error.description)")
    }
  }
}

// MARK: - Forms

extension Cell {
  /// Circumstances in which one cell's equations are run.
  package struct Form: Hashable, Sendable {
    /// In the lowest layer of a stack.
    var isLowest = false
    /// Masks are the numbers that are their expectations.
    var masksAreExpected = false
    /// For states, by name, the probability that a unit keeps its previous value.
    var zoneout: [String: Double] = [:]
    /// The probability that an element of a state is seen by the products; nil: all are.
    var recurrentKeep: Double?
    var recordings: [String] = []
  }

  /// The cell with zoneout and recurrent dropout, which act where a layer is given a random key.
  ///
  /// - Parameters:
  ///   - zoneout: For states, by name, the probability that a unit keeps its previous value, drawn
  ///     anew at every step: s = s₋₁ + m ⊙ (s′ − s₋₁). Without a key m is its expectation,
  ///     s = p s₋₁ + (1 − p) s′. The other equations see s′. Krueger et al. 2017
  ///     (arXiv:1606.01305).
  ///   - recurrentDropout: The probability that an element of a state is 0 on its way into the
  ///     cell's products, drawn once for a sequence, and divided by what is left of 1. Gal &
  ///     Ghahramani 2016 (arXiv:1512.05287); Keras' `recurrent_dropout`.
  /// - Throws: ``CellError`` where a probability is not one or a state is unknown.
  public func regularized(
    zoneout: [String: Double] = [:], recurrentDropout: Double = 0
  ) throws(CellError) -> Cell {
    for (state, probability) in zoneout.sorted(by: { $0.key < $1.key })
    where !(0...1 ~= probability) {
      throw CellError(
        .invalidOption,
        "zoneout on \"\(state)\" is a probability, 0 to 1, found \(probability)")
    }
    guard 0..<1 ~= recurrentDropout else {
      throw CellError(
        .invalidOption,
        "recurrent dropout is a probability below 1, found \(recurrentDropout)")
    }
    return try with { form in
      form.zoneout = zoneout
      form.recurrentKeep = recurrentDropout > 0 ? 1 - recurrentDropout : nil
    }
  }

  /// The cell with values that it gives out at every step besides its output, in this order: gates
  /// and other values by the names the equations give them, states by theirs, as they are after the
  /// step. Nothing else changes by it.
  ///
  /// Of each of the ``retainedStates`` there is also how much of it was kept, `keep_c` of c: ∂c′/∂c,
  /// unit by unit, with gates and candidates taken as given. It is f in an LSTM, z in a GRU.
  ///
  /// - Throws: ``CellError`` where nothing has that name.
  public func recording(_ names: [String]) throws(CellError) -> Cell {
    try with { $0.recordings = names }
  }

  /// The cell as the lowest layer of a stack has it; itself where no layer below is read.
  public var lowest: Cell {
    get throws(CellError) { readsBelow ? try with { $0.isLowest = true } : self }
  }

  /// The cell as a layer above another has it.
  package var upper: Cell {
    get throws(CellError) { form.isLowest ? try with { $0.isLowest = false } : self }
  }

  /// Matrices that a state is multiplied with, alone or through a gate: their indices.
  package var recurrentMatrices: Set<Int> {
    Set(
      graph.affineMaps.flatMap(\.terms).filter { graph.state(in: $0.source) != nil }
        .map(\.parameter))
  }

  /// The cell with every mask the number that it is where no random key is given; nil where the
  /// equations do not allow that.
  package var expected: Cell? {
    masks.isEmpty ? self : try? with { $0.masksAreExpected = true }
  }

  private func with(_ change: (inout Form) -> Void) throws(CellError) -> Cell {
    var form = form
    change(&form)
    return try Cell(name, form: form, equations)
  }
}
