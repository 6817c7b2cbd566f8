import RecurrentCore

/// Writes a block program again with what is known of the numbers that it loads: without the
/// operations whose results are known, or that nobody needs.
///
/// A product with 0 is 0, as in the graph's own arithmetic.
struct ProgramFolder {
  typealias Operation = BlockProgram.Operation
  typealias Slot = BlockProgram.Slot

  /// What a slot of the old program holds: a known number, or what a register of the new one does.
  private enum Value: Equatable {
    case constant(Float)
    case register(Slot)
  }

  private var values: [Slot: Value] = [:]
  /// The new program: every definition has a register of its own.
  private var operations: [Operation] = []
  private var registerCount = 0

  // MARK: What is known

  /// The next operation of the old program.
  mutating func append(_ operation: Operation) {
    if let slot = operation.defines, let known = folded(operation) {
      values[slot] = known
    } else {
      emit(operation)
    }
  }

  /// What an operation gives where that needs no operation.
  private func folded(_ operation: Operation) -> Value? {
    switch operation {
    case .constant(let value, _): .constant(value)
    case .unary(.negate, let a, _): constant(a).map { .constant(-$0) }
    case .unary(.abs, let a, _): constant(a).map { .constant(abs($0)) }
    case .binary(let function, let a, let b, _): folded(function, a, b)
    case .ternary(.multiplyAdd, let a, let b, let c, _),
      .ternary(.subtractProduct, let a, let b, let c, _):
      constant(a) == 0 || constant(b) == 0 ? values[c]! : nil
    case .productWithRow(_, let a, _, let c, _): constant(a) == 0 ? values[c]! : nil
    case .withRow(.multiply, let a, _, _): constant(a) == 0 ? .constant(0) : nil
    case .ternary(.select, let condition, let a, let b, _):
      constant(condition).map { $0 > 0 ? values[a]! : values[b]! }
    case .withValue(let function, let a, let value, _):
      constant(a).map { x in
        switch function {
        case .add: .constant(x + value)
        case .multiply: .constant(x * value)
        case .from: .constant(value - x)
        }
      }
    default: nil
    }
  }

  private func folded(_ function: BlockProgram.Binary, _ a: Slot, _ b: Slot) -> Value? {
    switch (function, constant(a), constant(b)) {
    case (.add, let x?, let y?): .constant(x + y)
    case (.subtract, let x?, let y?): .constant(x - y)
    case (.multiply, let x?, let y?): .constant(x * y)
    case (.add, 0, _), (.multiply, 1, _): values[b]!
    case (.add, _, 0), (.subtract, _, 0), (.multiply, _, 1), (.divide, _, 1): values[a]!
    case (.multiply, 0, _), (.multiply, _, 0), (.divide, 0, _): .constant(0)
    default: nil
    }
  }

  /// The number that is known to stand everywhere in a slot.
  func constant(_ slot: Slot) -> Float? {
    if case .constant(let value) = values[slot]! { value } else { nil }
  }

  // MARK: The new program

  private mutating func emit(_ operation: Operation) {
    for slot in operation.reads { makeRegister(slot) }
    let defined = operation.defines.map { _ in newRegister() }
    operations.append(
      operation.renamed(
        reading: { slot in
          guard case .register(let register) = values[slot]! else {
            preconditionFailure("What is read has a register")
          }
          return register
        }, defining: { _ in defined! }))
    if let slot = operation.defines { values[slot] = .register(defined!) }
  }

  /// Gives a slot whose number is known a register that holds it. A sum of products goes on in
  /// place, which is why a known number is not shared.
  private mutating func makeRegister(_ slot: Slot) {
    guard let value = constant(slot) else { return }
    let register = newRegister()
    operations.append(.constant(value, into: register))
    values[slot] = .register(register)
  }

  private mutating func newRegister() -> Slot {
    registerCount += 1
    return registerCount - 1
  }

  /// The new program for these units, in as few slots as it needs.
  func program(units: Range<Int>) -> BlockProgram {
    var lastUse: [Slot: Int] = [:]
    var kept: [Operation] = []
    for operation in operations.reversed() {
      switch operation {
      case .store: break
      case .product(_, _, _, let register) where lastUse[register] == nil: continue
      case let other: if let register = other.defines, lastUse[register] == nil { continue }
      }
      for register in operation.reads where lastUse[register] == nil {
        lastUse[register] = kept.count
      }
      kept.append(operation)
    }

    var slots: [Slot: Slot] = [:]
    var free: [Slot] = []
    var slotCount = 0
    var result: [Operation] = []
    for (place, operation) in kept.enumerated().reversed() {
      let read = slots
      for register in Set(operation.reads).sorted() where lastUse[register] == place {
        free.append(slots.removeValue(forKey: register)!)
      }
      if let register = operation.defines {
        if free.isEmpty {
          free.append(slotCount)
          slotCount += 1
        }
        slots[register] = free.removeLast()
      }
      result.append(operation.renamed(reading: { read[$0]! }, defining: { slots[$0]! }))
    }
    return BlockProgram(operations: result, slotCount: slotCount, units: units)
  }
}
