import RecurrentCore
import Synchronization

/// A step whose stages are cut into parts: a part has products with the free blocks of its matrices
/// only, and none of the operations that what is due at the step makes needless.
package struct CutStep: Sendable {
  /// What a program's operand is: a place, from one of its elements on.
  package struct Operand: Hashable, Sendable {
    package var place: Place
    package var first: Int
  }

  /// A part of a matrix as a product reads it.
  package struct Weight: Hashable, Sendable {
    package var whole: CompiledStep.Weight
    /// Rows of the section, or of the transposed stack.
    package var units: Range<Int>
    /// Columns of it.
    package var depth: Range<Int>
  }

  package var stages: [[BlockProgram]] = []
  package var operands: [Operand] = []
  package var weights: [Weight] = []
  /// Elements of places that are zero after the step, whatever the numbers.
  var zeros = PlaceElements()
  /// Elements of places that the step may read.
  var reads = PlaceElements()

  func reads(schedule: Int) -> Bool { !reads[.schedule(schedule)].isEmpty }
}

/// Elements of the rows of places.
struct PlaceElements: Sendable {
  private var elements: [Place: RangeSet<Int>] = [:]

  subscript(place: Place) -> RangeSet<Int> {
    get { elements[place] ?? RangeSet() }
    set { elements[place] = newValue }
  }

  func containsAll(_ range: Range<Int>, of place: Place) -> Bool {
    RangeSet(range).isSubset(of: self[place])
  }

  func containsNone(_ range: Range<Int>, of place: Place) -> Bool {
    RangeSet(range).isDisjoint(self[place])
  }
}

/// The cut steps of a cell that have been asked for, for they are asked for again.
final class CutSteps: Sendable {
  private struct Key: Hashable {
    let way: CompiledCell.Way
    let due: DueParts?
  }

  /// Periods without a common multiple to speak of have no end of different steps.
  private static let most = 4096
  private let known = Mutex<[Key: CutStep]>([:])

  func step(_ way: CompiledCell.Way, _ due: DueParts?, _ make: () -> CutStep) -> CutStep {
    let key = Key(way: way, due: due)
    if let step = known.withLock({ $0[key] }) { return step }
    let step = make()
    known.withLock { known in
      if known.count >= Self.most { known = [:] }
      known[key] = step
    }
    return step
  }
}
