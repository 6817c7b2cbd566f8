import Synchronization

/// What has been made of a buffer's numbers, for those who ask for it again: matrices packed for
/// products, and matrices with zeros where their structure has them.
///
/// A buffer keeps its forms until it is written in place (``TensorBuffer/dropForms()``), or goes. So
/// weights are packed once for each version of a parameter, whoever runs a layer, on however many
/// threads: two who need a form at the same time may both make it, and share one of the two.
struct DerivedForms: Sendable {
  /// Which numbers of a buffer were packed, and for which kernels.
  struct PackedKey: Hashable, Sendable {
    let offset, rows, columns, rowStride, columnStride: Int
    let instructionSet: InstructionSet
    let precision: Precision
  }

  var packed: [PackedKey: PackedMatrix] = [:]
  var restricted: [Restriction: Tensor] = [:]
  var version: BufferVersion?

  var isEmpty: Bool { packed.isEmpty && restricted.isEmpty && version == nil }
}

/// Stands for the numbers of a buffer as they are, for as long as somebody holds it.
final class BufferVersion: Sendable {}

/// Tells the numbers of a tensor from what they were before and from all others, without a look at
/// them: equal versions are of equal numbers.
package struct ParameterVersion: Equatable, Sendable {
  private let buffer: BufferVersion
  private let offset: Int

  package init(_ tensor: Tensor) {
    offset = tensor.offset
    buffer = tensor.buffer.forms.withLock { forms in
      if let known = forms.version { return known }
      let made = BufferVersion()
      forms.version = made
      return made
    }
  }

  package static func == (a: ParameterVersion, b: ParameterVersion) -> Bool {
    a.buffer === b.buffer && a.offset == b.offset
  }
}

/// A structure that a matrix of a buffer is held to.
package struct Restriction: Hashable, Sendable {
  private let offset: Int
  private let shape: [Int]
  private let structure: [Int]

  /// - Parameter structure: What tells it from all other structures.
  package init(_ tensor: Tensor, structure: [Int]) {
    offset = tensor.offset
    shape = tensor.shape
    self.structure = structure
  }
}

extension TensorBuffer {
  /// Before the numbers are written in place: what was made of them no longer holds. Its memory goes
  /// back to the pool, for the forms of the next version.
  func dropForms() {
    // Let go of outside the lock.
    let old = forms.withLock { forms -> DerivedForms? in
      if forms.isEmpty { return nil }
      defer { forms = DerivedForms() }
      return forms
    }
    withExtendedLifetime(old) {}
  }
}

extension ComputeContext {
  /// ``pack(_:)`` for a matrix that stays: made once, until its buffer is written in place.
  package func packed(_ matrix: Matrix) -> PackedMatrix {
    let key = DerivedForms.PackedKey(
      offset: matrix.offset, rows: matrix.rows, columns: matrix.columns,
      rowStride: matrix.rowStride, columnStride: matrix.columnStride,
      instructionSet: instructionSet, precision: precision)
    if let known = matrix.buffer.forms.withLock({ $0.packed[key] }) { return known }
    let made = pack(matrix)
    return matrix.buffer.forms.withLock { forms in
      if let first = forms.packed[key] { return first }
      forms.packed[key] = made
      return made
    }
  }
}

extension Tensor {
  /// The tensor under a restriction, made once, until its buffer is written in place.
  package func restricted(to restriction: Restriction, _ make: () -> Tensor) -> Tensor {
    if let known = buffer.forms.withLock({ $0.restricted[restriction] }) { return known }
    let made = make().detached
    return buffer.forms.withLock { forms in
      if let first = forms.restricted[restriction] { return first }
      forms.restricted[restriction] = made
      return made
    }
  }
}
