import CRecurrentKernels

/// What an ``ElementwiseProgram`` is made of: the terms of one element's formula.
package final class Formula {
  private(set) var instructions: [Instruction] = []

  fileprivate func append(_ instruction: Instruction) -> Term {
    instructions.append(instruction)
    return Term(formula: self, index: instructions.count - 1)
  }

  /// An element of a tensor that is only read.
  package func input(_ index: Int) -> Term {
    append(Instruction(RK_LOAD, input: index))
  }

  /// An element of a tensor that is updated, as it was before: ask for it before it is stored.
  package func target(_ index: Int) -> Term {
    append(Instruction(RK_LOAD, target: index))
  }

  /// A number given at each run.
  package func value(_ index: Int) -> Term {
    append(Instruction(RK_CONSTANT, value: index))
  }

  /// A number that is part of the formula.
  package func constant(_ value: Float) -> Term {
    append(Instruction(RK_CONSTANT, number: value))
  }

  /// Makes the term the element of the target.
  package func store(_ term: Term, to target: Int) {
    _ = append(Instruction(RK_STORE, [term], target: target))
  }

  /// Gives every instruction's result a slot that no later instruction still reads.
  func allocateSlots() -> (instructions: [Instruction], slotCount: Int) {
    var lastUse = Array(instructions.indices)
    for (index, instruction) in instructions.enumerated() {
      for argument in instruction.arguments { lastUse[argument] = index }
    }
    var slots = [Int](repeating: 0, count: instructions.count)
    var free: [Int] = []
    var slotCount = 0
    var result = instructions
    for index in instructions.indices {
      let arguments = instructions[index].arguments
      result[index].arguments = arguments.map { slots[$0] }
      for argument in Set(arguments).sorted() where lastUse[argument] == index {
        free.append(slots[argument])
      }
      if instructions[index].code == RK_STORE { continue }
      if free.isEmpty {
        free.append(slotCount)
        slotCount += 1
      }
      slots[index] = free.removeLast()
      result[index].slot = slots[index]
      if lastUse[index] == index { free.append(slots[index]) }
    }
    return (result, slotCount)
  }
}

/// One number per element: an input, or what a formula makes of some.
package struct Term {
  let formula: Formula
  /// The instruction that makes it.
  let index: Int

  fileprivate func apply(_ code: rk_code, number: Float = 0) -> Term {
    formula.append(Instruction(code, [self], number: number))
  }
  fileprivate func apply(_ code: rk_code, _ b: Term) -> Term {
    formula.append(Instruction(code, [self, b]))
  }
  fileprivate func apply(_ code: rk_code, _ b: Term, _ c: Term) -> Term {
    formula.append(Instruction(code, [self, b, c]))
  }

  /// A number that is part of the formula.
  package func constant(_ value: Float) -> Term { formula.constant(value) }

  package static func + (a: Term, b: Term) -> Term { a.apply(RK_ADD, b) }
  package static func - (a: Term, b: Term) -> Term { a.apply(RK_SUBTRACT, b) }
  package static func * (a: Term, b: Term) -> Term { a.apply(RK_MULTIPLY, b) }
  package static func / (a: Term, b: Term) -> Term { a.apply(RK_DIVIDE, b) }
  package static prefix func - (a: Term) -> Term { a.apply(RK_NEGATE) }

  package static func + (a: Term, b: Float) -> Term { a.apply(RK_ADD_VALUE, number: b) }
  package static func - (a: Term, b: Float) -> Term { a.apply(RK_ADD_VALUE, number: -b) }
  package static func * (a: Term, b: Float) -> Term { a.apply(RK_MULTIPLY_VALUE, number: b) }
  package static func / (a: Term, b: Float) -> Term { a / a.formula.constant(b) }
  package static func + (a: Float, b: Term) -> Term { b + a }
  package static func - (a: Float, b: Term) -> Term { b.apply(RK_FROM_VALUE, number: a) }
  package static func * (a: Float, b: Term) -> Term { b * a }
  package static func / (a: Float, b: Term) -> Term {
    a == 1 ? b.apply(RK_RECIPROCAL) : b.formula.constant(a) / b
  }
}

package func exp(_ a: Term) -> Term { a.apply(RK_EXP) }
package func log(_ a: Term) -> Term { a.apply(RK_LOG) }
package func tanh(_ a: Term) -> Term { a.apply(RK_TANH) }
package func sigmoid(_ a: Term) -> Term { a.apply(RK_SIGMOID) }
package func sqrt(_ a: Term) -> Term { a.apply(RK_SQRT) }
package func abs(_ a: Term) -> Term { a.apply(RK_ABS) }
package func floor(_ a: Term) -> Term { a.apply(RK_FLOOR) }
package func maximum(_ a: Term, _ b: Term) -> Term { a.apply(RK_MAX, b) }
package func minimum(_ a: Term, _ b: Term) -> Term { a.apply(RK_MIN, b) }
/// a b + c, rounded once where the machine can.
package func multiplyAdd(_ a: Term, _ b: Term, _ c: Term) -> Term { a.apply(RK_FMA, b, c) }
/// 1 where a > b, else 0.
package func isGreater(_ a: Term, _ b: Term) -> Term { a.apply(RK_GREATER, b) }
/// a where the mask is positive, else b.
package func select(where mask: Term, _ a: Term, _ b: Term) -> Term {
  mask.apply(RK_SELECT, a, b)
}

/// An operation whose arguments are instructions, and slots once those have been given out.
struct Instruction: Sendable {
  let code: rk_code
  var arguments: [Int]
  var slot = 0
  /// The number that is part of the operation.
  let number: Float
  /// The tensors and the value that it is about, if it is about any.
  let target: Int?
  let input: Int?
  let value: Int?

  init(
    _ code: rk_code, _ arguments: [Term] = [], number: Float = 0, target: Int? = nil,
    input: Int? = nil, value: Int? = nil
  ) {
    self.code = code
    self.arguments = arguments.map(\.index)
    self.number = number
    self.target = target
    self.input = input
    self.value = value
  }

  /// The kernels' form. The operands are the targets and then the inputs.
  func encoded(firstInput: Int) -> rk_op {
    let slots = arguments.map { UInt16($0) } + [0, 0, 0]
    return rk_op(
      code: UInt16(code.rawValue), dst: UInt16(slot), a: slots[0], b: slots[1], c: slots[2],
      operand: UInt16(target ?? input.map { firstInput + $0 } ?? 0), other: 0, weight: 0, k: 0,
      axis: 0,
      inner: 0, value: number)
  }
}
