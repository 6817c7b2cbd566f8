import RecurrentCore
import TestSupport
import Testing

/// What is made of a tensor's numbers holds as long as they do.
@Suite struct DerivedFormsTests {
  private let context = ComputeContext(threadCount: 2)

  private func numbers(_ packed: PackedMatrix) -> [Float] {
    let panel = context.kernels.panel
    let panels = (packed.units + panel - 1) / panel
    return Tensor(buffer: packed.buffer, shape: [panels, packed.depth, panel]).elements
  }

  @Test func aMatrixIsPackedOnce() {
    let weight = wave([37, 13], phase: 1, on: context)
    let first = context.packed(weight.rowMatrix)
    #expect(context.packed(weight.rowMatrix).buffer === first.buffer)
    // A copy shares the numbers, a view shows others.
    let copy = weight
    #expect(context.packed(copy.rowMatrix).buffer === first.buffer)
    let views = [
      weight.rowMatrix.transposed, weight.rowMatrix.part(rows: 1..<37),
      weight.rowMatrix.part(columns: 0..<12), weight.rowMatrix.part(columns: 1..<13),
    ]
    var seen = [first.buffer]
    for view in views {
      let packed = context.packed(view)
      #expect(!seen.contains { $0 === packed.buffer })
      #expect(numbers(packed) == numbers(context.pack(view)))
      seen.append(packed.buffer)
    }
  }

  @Test func everyInstructionSetHasPanelsOfItsOwn() {
    let weight = wave([37, 13], phase: 1, on: context)
    for machine in Machine.all {
      let packed = machine.context.packed(weight.rowMatrix)
      let fresh = machine.context.pack(weight.rowMatrix)
      let panel = machine.context.kernels.panel
      let shape = [(37 + panel - 1) / panel, 13, panel]
      #expect(
        Tensor(buffer: packed.buffer, shape: shape).elements
          == Tensor(buffer: fresh.buffer, shape: shape).elements, "\(machine)")
    }
  }

  /// Ways to write a tensor in place.
  private static let writes: [(name: String, write: @Sendable (inout Tensor) -> Void)] = [
    ("elements", { $0.withMutableElements { $0[5] = 7 } }),
    ("fill", { $0.fill(3) }),
    ("scale", { $0.scale(by: 2) }),
    ("add", { $0.add(wave([37, 13], phase: 9, on: $0.context), scaledBy: 0.5) }),
    ("rows", { $0.buffer.fill(3..<9, with: 4) }),
    ("copy", { $0.buffer.copy(9, from: wave([37], phase: 3).buffer, at: 0, to: 20) }),
    (
      "product",
      {
        $0.context.multiply(
          wave([37, 5], phase: 2, on: $0.context).rowMatrix,
          wave([5, 13], phase: 3, on: $0.context).rowMatrix, into: $0.rowMatrix)
      }
    ),
    (
      "sum",
      {
        $0.context.sumColumns(
          wave([4, 13], phase: 2, on: $0.context).rowMatrix,
          into: $0.rowMatrix.part(rows: 2..<3))
      }
    ),
  ]

  @Test(arguments: writes.indices) func aWriteInPlaceIsSeen(_ index: Int) {
    let (name, write) = Self.writes[index]
    var weight = wave([37, 13], phase: 1, on: context)
    let old = numbers(context.packed(weight.rowMatrix))
    let kept = weight.restricted(to: Restriction(weight, structure: [1])) { weight * 2 }
    let address = ObjectIdentifier(weight.buffer)
    write(&weight)
    #expect(ObjectIdentifier(weight.buffer) == address, "\(name) is not in place")
    let new = numbers(context.packed(weight.rowMatrix))
    #expect(new != old, "\(name)")
    #expect(new == numbers(context.pack(weight.rowMatrix)), "\(name)")
    let again = weight.restricted(to: Restriction(weight, structure: [1])) { weight * 2 }
    #expect(again.elements != kept.elements)
  }

  @Test func aCopyThatIsWrittenLeavesTheFirst() {
    let weight = wave([37, 13], phase: 1, on: context)
    let old = context.packed(weight.rowMatrix)
    var copy = weight
    copy.scale(by: 2)
    #expect(context.packed(weight.rowMatrix).buffer === old.buffer)
    #expect(numbers(context.packed(copy.rowMatrix)) == numbers(old).map { 2 * $0 })
  }

  @Test func thePackedMemoryIsUsedAgain() {
    var weight = wave([37, 13], phase: 1, on: context)
    _ = context.packed(weight.rowMatrix)
    let before = context.buffers.systemAllocationCount
    for _ in 0..<5 {
      weight.scale(by: 1.5)
      _ = context.packed(weight.rowMatrix)
    }
    #expect(context.buffers.systemAllocationCount <= before + 1)
  }

  @Test func manyMayAskAtOnce() async {
    for round in 0..<20 {
      let weight = wave([37, 13], phase: round, on: context)
      let expected = numbers(context.pack(weight.rowMatrix))
      let found = await withTaskGroup(of: PackedMatrix.self) { group in
        for _ in 0..<8 { group.addTask { context.packed(weight.rowMatrix) } }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(found.allSatisfy { $0.buffer === found[0].buffer })
      #expect(numbers(found[0]) == expected)
    }
  }
}
