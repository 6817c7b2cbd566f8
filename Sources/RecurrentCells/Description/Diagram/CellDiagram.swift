/// A drawing of a cell, made from the graph that the engine runs.
///
/// States come in on the left and go out on the right. What is carried on element by element, as an
/// LSTM's memory cell, runs along the top as a straight belt; what the cell's matrices see comes in
/// at the bottom. Learnt layers are boxes, operations element by element circles.
///
/// ```swift
/// print(CellDiagram(try Cell.lstm()).svg(title: "lstm"))
/// ```
public struct CellDiagram: Sendable {
  /// Something drawn at a place.
  package struct Block: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
      /// A state before the step, and after it.
      case previous(state: Int)
      case next(state: Int)
      /// The layer's input, further ones and masks.
      case input
      case output
      /// Several vectors as one, on their way to matrices.
      case join
      /// A sum of products with what is learnt, put through a function.
      case layer(isNormalized: Bool)
      /// A function element by element, or over a vector.
      case function
      /// An operation on two values.
      case operation
      case choice
    }

    package let kind: Kind
    package let label: String
    /// What the equations call the value.
    package var name: String?
  }

  /// A way from one block to another.
  package struct Wire: Hashable, Sendable {
    package enum Role: Hashable, Sendable {
      case plain
      /// To a layer, past its matrix: element by element.
      case peephole
      /// What is taken away.
      case negative
      case divisor
      case condition
      case otherwise
    }

    package var from: Int
    package let to: Int
    package let role: Role
  }

  package let blocks: [Block]
  package let wires: [Wire]
  package let layout: DiagramLayout

  public init(_ cell: Cell) {
    var builder = DiagramBuilder(cell)
    builder.build()
    blocks = builder.blocks
    wires = builder.wires
    layout = DiagramLayout(blocks: blocks, wires: wires, states: cell.states)
  }
}
