import CRecurrentKernels

/// A formula that is applied to every element of some tensors in one pass over memory.
///
/// It is compiled once, usually as a `static let`, and run over tensors of any shape. Momentum, for
/// one, updates two tensors from a third:
///
/// ```swift
/// static let momentum = ElementwiseProgram { formula in
///   let weight = formula.target(0), velocity = formula.target(1), gradient = formula.input(0)
///   let next = velocity * formula.value(0) + gradient
///   formula.store(next, to: 1)
///   formula.store(weight - next * formula.value(1), to: 0)
/// }
/// momentum.update(&weight, &velocity, reading: [gradient], values: [0.9, rate])
/// ```
package struct ElementwiseProgram: Sendable {
  /// Tensors written, tensors read, and numbers that are given at each run.
  private let targetCount: Int
  private let inputCount: Int
  private let valueCount: Int
  private let operations: [rk_op]
  private let slotCount: Int
  /// Which operations take a value given at each run, and which one.
  private let valueUses: [(operation: Int, value: Int)]
  /// Which operations load an input, and which one.
  private let inputUses: [(operation: Int, input: Int)]

  /// Which targets are read before they are written.
  private let readsTargets: Bool

  package init(_ build: (Formula) -> Void) {
    let formula = Formula()
    build(formula)
    let (instructions, slotCount) = formula.allocateSlots()
    self.slotCount = slotCount
    let targetCount = instructions.compactMap(\.target).reduce(0) { max($0, $1 + 1) }
    self.targetCount = targetCount
    operations = instructions.map { $0.encoded(firstInput: targetCount) }
    valueUses = instructions.enumerated().compactMap { index, instruction in
      instruction.value.map { (index, $0) }
    }
    inputUses = instructions.enumerated().compactMap { index, instruction in
      instruction.input.map { (index, $0) }
    }
    inputCount = inputUses.reduce(0) { max($0, $1.input + 1) }
    valueCount = valueUses.reduce(0) { max($0, $1.value + 1) }
    readsTargets = instructions.contains { $0.target != nil && $0.code == RK_LOAD }
    precondition(targetCount > 0, "An elementwise program stores nothing")
  }

  /// The first input as it is.
  static let copy = ElementwiseProgram { $0.store($0.input(0), to: 0) }

  // MARK: Running

  /// New tensors of the given shape, one for each target.
  ///
  /// - Parameter inputs: Shapes that broadcast to `shape`: see ``Broadcast``.
  package func outputs(
    _ inputs: [Tensor], shape: [Int], values: [Float] = [], on context: ComputeContext
  ) -> [Tensor] {
    precondition(!readsTargets, "An elementwise program that reads its targets updates in place")
    let targets = (0..<targetCount).map { _ in Tensor(uninitialized: shape, on: context) }
    run(targets: targets, inputs: inputs, values: values)
    return targets
  }

  /// A new tensor of the given shape; of that of the first input if none is said.
  package func callAsFunction(
    _ inputs: Tensor..., shape: [Int]? = nil, values: [Float] = []
  ) -> Tensor {
    outputs(inputs, shape: shape ?? inputs[0].shape, values: values, on: inputs[0].context)[0]
  }

  /// Updates a tensor in place.
  package func update(
    _ target: inout Tensor, reading inputs: [Tensor] = [], values: [Float] = []
  ) {
    target.prepareToUpdate()
    run(targets: [target], inputs: inputs, values: values)
  }

  /// Updates two tensors of one shape in place.
  package func update(
    _ first: inout Tensor, _ second: inout Tensor, reading inputs: [Tensor] = [],
    values: [Float] = []
  ) {
    first.prepareToUpdate()
    second.prepareToUpdate()
    run(targets: [first, second], inputs: inputs, values: values)
  }

  /// Updates three tensors of one shape in place.
  package func update(
    _ first: inout Tensor, _ second: inout Tensor, _ third: inout Tensor,
    reading inputs: [Tensor] = [], values: [Float] = []
  ) {
    first.prepareToUpdate()
    second.prepareToUpdate()
    third.prepareToUpdate()
    run(targets: [first, second, third], inputs: inputs, values: values)
  }

  /// Updates four tensors of one shape in place.
  package func update(
    _ first: inout Tensor, _ second: inout Tensor, _ third: inout Tensor,
    _ fourth: inout Tensor, reading inputs: [Tensor] = [], values: [Float] = []
  ) {
    first.prepareToUpdate()
    second.prepareToUpdate()
    third.prepareToUpdate()
    fourth.prepareToUpdate()
    run(targets: [first, second, third, fourth], inputs: inputs, values: values)
  }

  /// Writes tensors of one shape that nobody else reads.
  func write(into targets: [Tensor], reading inputs: [Tensor], values: [Float] = []) {
    run(targets: targets, inputs: inputs, values: values)
  }

  /// Elements of one piece of work for the worker pool.
  private static let pieceCount = 16_384
  /// Elements that are in the slots at once: a dozen slots stay in the L1 cache.
  private static let blockCount = 512

  private func run(targets: [Tensor], inputs: [Tensor], values: [Float]) {
    precondition(
      targets.count == targetCount && inputs.count == inputCount && values.count == valueCount,
      """
      An elementwise program expected \(targetCount) targets, \(inputCount) inputs and \
      \(valueCount) values, found \(targets.count), \(inputs.count) and \(values.count)
      """)
    let context = targets[0].context
    let shape = targets[0].shape
    let count = targets[0].count
    if count == 0 { return }
    precondition(count <= Int32.max, "A tensor has at most \(Int32.max) elements")
    let broadcasts = inputs.map { input in
      guard let broadcast = Broadcast(of: input.shape, to: shape) else {
        preconditionFailure("\(input.shape) does not broadcast to \(shape)")
      }
      return broadcast
    }
    precondition(
      targets.allSatisfy { $0.shape == shape },
      "The targets of an elementwise program have one shape, found \(targets.map(\.shape))")

    let grid = Grid(broadcasts, count: count)
    let operands =
      unsafe targets.map { target in
        unsafe rk_operand(
          base: target.buffer.address + target.offset, step_stride: 0,
          row_stride: Int64(grid.units), offset: 0, ring: 0)
      }
      + zip(inputs, broadcasts).map { input, broadcast in
        unsafe rk_operand(
          base: input.buffer.address + input.offset, step_stride: 0,
          row_stride: Int64(grid.rowStride(broadcast)), offset: 0, ring: 0)
      }
    var operations = operations
    for (operation, value) in valueUses { operations[operation].value = values[value] }
    for (operation, input) in inputUses {
      guard let (axis, inner) = grid.spread(broadcasts[input]) else { continue }
      operations[operation].code = UInt16(RK_SPREAD.rawValue)
      operations[operation].axis = Int32(axis)
      operations[operation].inner = Int32(inner)
    }

    let panel = context.kernels.panel
    let blockUnits =
      min((Self.blockCount + panel - 1) / panel, (grid.units + panel - 1) / panel)
      * panel
    let blockRows = min(max(1, Self.blockCount / blockUnits), grid.rows)
    // Some rows to a piece, or a part of one row.
    let rowStep = max(1, Self.pieceCount / grid.units)
    let unitStep = (Self.pieceCount + panel - 1) / panel * panel
    let rowPieces = (grid.rows + rowStep - 1) / rowStep
    let unitPieces = (grid.units + unitStep - 1) / unitStep
    unsafe operations.withUnsafeBufferPointer { operations in
      unsafe operands.withUnsafeBufferPointer { operands in
        nonisolated(unsafe) let program = unsafe rk_program(
          ops: operations.baseAddress, op_count: Int32(operations.count),
          slot_count: Int32(slotCount),
          block_rows: Int32(blockRows), block_units: Int32(blockUnits),
          operands: operands.baseAddress, weights: nil)
        context.workers.forEach(rowPieces * unitPieces) { piece in
          let row = piece / unitPieces * rowStep
          let unit = piece % unitPieces * unitStep
          unsafe context.buffers.withScratch(slotCount * blockRows * blockUnits) { scratch in
            unsafe context.kernels.run(
              program, rows: row..<min(row + rowStep, grid.rows),
              units: unit..<min(unit + unitStep, grid.units), scratch: scratch)
          }
        }
      }
    }
    withExtendedLifetime((targets, inputs)) {}
  }

  /// How the elements are laid out for the block program: one row of all of them, or rows along
  /// which an input repeats.
  private struct Grid {
    var rows = 1
    var units: Int

    init(_ broadcasts: [Broadcast], count: Int) {
      units = count
      // A vector added to each row, or a number to each row, need no index arithmetic in a grid of
      // such rows. Short rows would leave lanes empty.
      guard
        let width = broadcasts.lazy.compactMap(\.rowLength).first, width >= 16,
        broadcasts.allSatisfy({ $0.isPlain || $0.rowLength == width || $0.isScalar })
      else { return }
      units = width
      rows = count / width
    }

    func rowStride(_ broadcast: Broadcast) -> Int {
      if broadcast.isPlain { return units }
      if rows == 1 || broadcast.isScalar { return 0 }
      return broadcast.inner == 1 ? 1 : 0
    }

    /// The axis that repeats within a row.
    func spread(_ broadcast: Broadcast) -> (axis: Int, inner: Int)? {
      if broadcast.isPlain { return nil }
      if broadcast.isScalar { return (units, 1) }
      if rows == 1 { return (broadcast.axis, broadcast.inner) }
      return broadcast.inner == 1 ? (broadcast.axis, 1) : nil
    }
  }
}

/// How a smaller tensor repeats to fill a larger shape: it has `outer` × `inner` elements, the shape
/// outer × axis × inner.
///
/// Shapes are aligned at their last axes. Axes that the smaller one lacks or has of size 1 repeat,
/// and must be neighbours.
package struct Broadcast: Sendable, Equatable {
  package let outer: Int
  package let axis: Int
  package let inner: Int

  package init?(of small: [Int], to large: [Int]) {
    if small == large {
      (outer, axis, inner) = (1, 1, large.reduce(1, *))
      return
    }
    guard small.count <= large.count else { return nil }
    let aligned = [Int](repeating: 1, count: large.count - small.count) + small
    let repeating = large.indices.filter { aligned[$0] == 1 && large[$0] != 1 }
    guard large.indices.allSatisfy({ aligned[$0] == large[$0] || aligned[$0] == 1 }) else {
      return nil
    }
    guard let first = repeating.first, let last = repeating.last else {
      (outer, axis, inner) = (1, 1, large.reduce(1, *))
      return
    }
    // Axes of size 1 in both may stand between those that repeat.
    guard (first...last).allSatisfy({ aligned[$0] == 1 }) else { return nil }
    outer = large[..<first].reduce(1, *)
    axis = large[first...last].reduce(1, *)
    inner = large[(last + 1)...].reduce(1, *)
  }

  var isPlain: Bool { axis == 1 }
  var isScalar: Bool { outer == 1 && inner == 1 && axis != 1 }

  /// The rows of a grid in which this broadcast needs no index arithmetic, if there are any.
  fileprivate var rowLength: Int? {
    if isPlain || isScalar { return nil }
    if outer == 1 { return inner }
    return inner == 1 ? axis : nil
  }
}

// MARK: - Formulas

/// What an ``ElementwiseProgram`` is made of: the terms of one element's formula.
package final class Formula {
  fileprivate var instructions: [Instruction] = []

  fileprivate func append(_ instruction: Instruction) -> Term {
    instructions.append(instruction)
    return Term(formula: self, index: instructions.count - 1)
  }

  /// An element of a tensor that is only read.
  package func input(_ index: Int) -> Term {
    append(Instruction(RK_LOAD, input: index))
  }

  /// An element of a tensor that is updated, as it was before.
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
  fileprivate func allocateSlots() -> (instructions: [Instruction], slotCount: Int) {
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
  fileprivate let formula: Formula
  fileprivate let index: Int

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
private struct Instruction: Sendable {
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
      operand: UInt16(target ?? input.map { firstInput + $0 } ?? 0), weight: 0, k: 0, axis: 0,
      inner: 0, value: number)
  }
}

extension KernelTable {
  func run(
    _ program: rk_program, rows: Range<Int>, units: Range<Int>,
    scratch: UnsafeMutablePointer<Float>
  ) {
    unsafe withUnsafePointer(to: program) {
      unsafe pointer.pointee.run(
        $0, 0, Int32(rows.lowerBound), Int32(rows.upperBound), Int32(units.lowerBound),
        Int32(units.upperBound), scratch)
    }
  }
}
