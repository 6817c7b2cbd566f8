import RecurrentCore

/// A cell whose only recurrence is a matrix memory, in three parts: what the memory is given, for all
/// steps; the memory itself, which is an operation of its own; and what is made of its answers, for
/// all steps again.
///
/// The first and the last are cut out of the cell's equations, so that none is written twice.
struct ChunkwiseCell: Sendable {
  let memory: CellMatrixMemory
  let heads: Int
  /// Its outputs are the memory's operands and then those values that the last part needs.
  let before: CompiledCell
  /// Its inputs are the memory's answers and then those values.
  let after: CompiledCell
  /// The parts' parameters, by their places among the cell's.
  let parametersBefore: [Int]
  let parametersAfter: [Int]

  /// Nil where the cell's equations do not fall into such parts.
  init?(_ compiled: CompiledCell) {
    let cell = compiled.cell
    guard let memory = cell.matrixMemory,
      cell.states.count == memory.states.count,
      zip(memory.states, memory.nextStates).allSatisfy({ cell.nextStates[$0] == $1 }),
      let cut = Cut(cell, memory)
    else { return nil }
    let before = GraphPart(computing: memory.operands + cut.passed, of: cell.graph)
    let after = GraphPart(
      computing: [cell.output], of: cell.graph, given: [memory.read] + cut.passed)
    var inputs: [CellInput] = []
    for (index, node) in ([memory.read] + cut.passed).enumerated() {
      guard let extent = Extent.product(of: cell.graph.shape(of: node)) else { return nil }
      inputs.append(CellInput(name: "value \(index)", extent: extent, stateBelow: nil))
    }
    do {
      self.before = try CompiledCell(
        Cell(
          "\(cell.name), before its memory", graph: before.graph, inputs: cell.inputs,
          parameters: before.parameters.map { cell.parameters[$0] }, outputs: before.outputs),
        sizes: compiled.sizes)
      self.after = try CompiledCell(
        Cell(
          "\(cell.name), after its memory", graph: after.graph, inputs: inputs,
          parameters: after.parameters.map { cell.parameters[$0] }, outputs: after.outputs),
        sizes: compiled.sizes)
      heads = try memory.heads.resolved(in: compiled.sizes)
    } catch {
      return nil
    }
    self.memory = memory
    parametersBefore = before.parameters
    parametersAfter = after.parameters
  }
}

/// Where a step's equations can be cut on both sides of its matrix memory.
private struct Cut {
  /// What the output needs beside the memory's answers and learnt vectors: values of the inputs alone.
  private(set) var passed: [Graph.NodeIndex] = []

  /// Nil where the memory is given, or the output needs, what is not known before the memory has run.
  init?(_ cell: Cell, _ memory: CellMatrixMemory) {
    let origins = cell.graph.origins
    guard memory.operands.allSatisfy({ origins[$0].isSubset(of: .inputs) }) else { return nil }
    var seen: Set<Graph.NodeIndex> = [memory.read]
    var waiting = [cell.output]
    while let node = waiting.popLast() {
      guard seen.insert(node).inserted else { continue }
      if origins[node] == .inputs {
        passed.append(node)
      } else {
        switch cell.graph.nodes[node].operation {
        case .state, .mask, .schedule: return nil
        default: waiting += cell.graph.operands(of: node)
        }
      }
    }
    passed.sort()
  }
}

/// What a value depends on, beside what is learnt.
private struct Origins: OptionSet {
  let rawValue: Int
  static let inputs = Origins(rawValue: 1)
  /// States, random masks and schedules.
  static let others = Origins(rawValue: 2)
}

extension Graph {
  /// For each value.
  fileprivate var origins: [Origins] {
    var origins: [Origins] = []
    for index in nodes.indices {
      switch nodes[index].operation {
      case .input: origins.append(.inputs)
      case .state, .mask, .schedule: origins.append(.others)
      default: origins.append(operands(of: index).reduce([]) { $0.union(origins[$1]) })
      }
    }
    return origins
  }
}

extension Extent {
  /// The extent of all axes of a shape together; nil where more than one grows with the layer.
  fileprivate static func product(of shape: [Extent]) -> Extent? {
    var product = Extent(1)
    for extent in shape {
      if extent.base == .one, extent.denominator == 1 {
        product = extent.numerator * product
      } else if product.base == .one, product.denominator == 1 {
        product = product.numerator * extent
      } else {
        return nil
      }
    }
    return product
  }
}
