import CRecurrentKernels

/// A list of operations that is run for each block of rows and units of one stage of a step.
///
/// Slots hold one number for each row and unit of a block; operands are arrays in memory.
package struct BlockProgram: Sendable {
  package typealias Slot = Int
  package typealias OperandIndex = Int

  package enum Operation: Hashable, Sendable {
    case load(OperandIndex, into: Slot)
    case store(Slot, to: OperandIndex)
    /// Element unit / (axis · inner) · inner + unit % inner of the operand's row.
    case spread(OperandIndex, axis: Int, inner: Int, into: Slot)
    /// The sum of the axis elements that ``spread`` would give one number to.
    case reduce(OperandIndex, axis: Int, inner: Int, into: Slot)
    /// The sum of the products of two operands' elements, as ``reduce`` sums one's.
    case dot(OperandIndex, OperandIndex, axis: Int, into: Slot)
    /// The sum of the squares of an operand's elements, each less the other operand's only unit.
    case squares(OperandIndex, around: OperandIndex, axis: Int, into: Slot)
    /// (a − mean) · scale, each an operand with one unit.
    case normal(Slot, mean: OperandIndex, scale: OperandIndex, into: Slot)
    /// With a number for each row, the operand's only unit, in the place of a slot.
    case withRow(WithRow, Slot, OperandIndex, into: Slot)
    /// a · row + c or c − a · row.
    case productWithRow(Ternary, Slot, OperandIndex, Slot, into: Slot)
    /// Adds W times the operand's row, of `length` elements.
    case product(OperandIndex, weight: Int, length: Int, onto: Slot)
    case constant(Float, into: Slot)
    case unary(Unary, Slot, into: Slot)
    case binary(Binary, Slot, Slot, into: Slot)
    case ternary(Ternary, Slot, Slot, Slot, into: Slot)
    case withValue(WithValue, Slot, Float, into: Slot)
  }

  package enum Unary: Hashable, Sendable {
    case negate, abs, exp, log, sigmoid, tanh, softplus, sqrt, floor
  }
  package enum Binary: Hashable, Sendable {
    case add, subtract, multiply, divide, max, min, greater
  }
  package enum WithRow: Hashable, Sendable {
    case add, subtract, multiply
  }
  package enum Ternary: Hashable, Sendable {
    /// a · b + c
    case multiplyAdd
    /// c − a · b
    case subtractProduct
    /// b where a > 0, else c
    case select
  }
  package enum WithValue: Hashable, Sendable {
    case add, multiply
    /// value − a
    case from
  }

  package var operations: [Operation]
  package var slotCount: Int
  /// The units that it computes, of vectors that may have others: products have a matrix for
  /// just these.
  package var units: Range<Int>
  /// Reads what other units of this step, or of the one before, have written.
  package var readsAcrossUnits: Bool
  /// Multiplications and additions for a row, all operations counted.
  package var costPerRow: Int

  package init(operations: [Operation], slotCount: Int, units: Range<Int>) {
    self.operations = operations
    self.slotCount = max(slotCount, 1)
    self.units = units
    readsAcrossUnits = operations.contains { operation in
      switch operation {
      case .product, .spread, .reduce, .dot, .squares, .withRow, .productWithRow, .normal: true
      default: false
      }
    }
    costPerRow = operations.reduce(0) { cost, operation in
      switch operation {
      case .product(_, _, let length, _): cost + 2 * length * units.count
      case .unary(.exp, _, _), .unary(.log, _, _), .unary(.sigmoid, _, _), .unary(.tanh, _, _),
        .unary(.softplus, _, _):
        cost + 16 * units.count
      default: cost + units.count
      }
    }
  }
}

extension BlockProgram.Operation {
  /// The operands it reads.
  package var readOperands: [BlockProgram.OperandIndex] {
    switch self {
    case .load(let operand, _), .spread(let operand, _, _, _), .reduce(let operand, _, _, _),
      .product(let operand, _, _, _), .withRow(_, _, let operand, _),
      .productWithRow(_, _, let operand, _, _):
      [operand]
    case .dot(let first, let second, _, _), .squares(let first, let second, _, _),
      .normal(_, let first, let second, _):
      [first, second]
    case .store, .constant, .unary, .binary, .ternary, .withValue: []
    }
  }

  /// The slots whose numbers it needs; a product needs what it adds to.
  package var reads: [BlockProgram.Slot] {
    switch self {
    case .load, .spread, .reduce, .dot, .squares, .constant: []
    case .store(let a, _), .unary(_, let a, _), .withValue(_, let a, _, _),
      .normal(let a, _, _, _), .withRow(_, let a, _, _):
      [a]
    case .productWithRow(_, let a, _, let c, _): [a, c]
    case .product(_, _, _, let slot): [slot]
    case .binary(_, let a, let b, _): [a, b]
    case .ternary(_, let a, let b, let c, _): [a, b, c]
    }
  }

  /// The slot whose numbers it replaces.
  package var defines: BlockProgram.Slot? {
    switch self {
    case .store, .product: nil
    case .load(_, let slot), .spread(_, _, _, let slot), .reduce(_, _, _, let slot),
      .constant(_, let slot), .unary(_, _, let slot), .binary(_, _, _, let slot),
      .ternary(_, _, _, _, let slot), .withValue(_, _, _, let slot), .dot(_, _, _, let slot),
      .squares(_, _, _, let slot), .normal(_, _, _, let slot), .withRow(_, _, _, let slot),
      .productWithRow(_, _, _, _, let slot):
      slot
    }
  }

  /// The same operation on other slots and operands.
  package func renamed(
    reading read: (BlockProgram.Slot) -> BlockProgram.Slot = { $0 },
    defining define: (BlockProgram.Slot) -> BlockProgram.Slot = { $0 },
    operand: (BlockProgram.OperandIndex) -> BlockProgram.OperandIndex = { $0 }
  ) -> Self {
    switch self {
    case .load(let x, let slot): .load(operand(x), into: define(slot))
    case .store(let a, let x): .store(read(a), to: operand(x))
    case .spread(let x, let axis, let inner, let slot):
      .spread(operand(x), axis: axis, inner: inner, into: define(slot))
    case .reduce(let x, let axis, let inner, let slot):
      .reduce(operand(x), axis: axis, inner: inner, into: define(slot))
    case .dot(let x, let y, let axis, let slot):
      .dot(operand(x), operand(y), axis: axis, into: define(slot))
    case .squares(let x, let y, let axis, let slot):
      .squares(operand(x), around: operand(y), axis: axis, into: define(slot))
    case .normal(let a, let x, let y, let slot):
      .normal(read(a), mean: operand(x), scale: operand(y), into: define(slot))
    case .withRow(let function, let a, let x, let slot):
      .withRow(function, read(a), operand(x), into: define(slot))
    case .productWithRow(let function, let a, let x, let c, let slot):
      .productWithRow(function, read(a), operand(x), read(c), into: define(slot))
    case .product(let x, let weight, let length, let slot):
      .product(operand(x), weight: weight, length: length, onto: read(slot))
    case .constant(let value, let slot): .constant(value, into: define(slot))
    case .unary(let function, let a, let slot): .unary(function, read(a), into: define(slot))
    case .binary(let function, let a, let b, let slot):
      .binary(function, read(a), read(b), into: define(slot))
    case .ternary(let function, let a, let b, let c, let slot):
      .ternary(function, read(a), read(b), read(c), into: define(slot))
    case .withValue(let function, let a, let value, let slot):
      .withValue(function, read(a), value, into: define(slot))
    }
  }

  /// The operation as the kernels read it.
  var encoded: rk_op {
    var op = rk_op()
    func set(_ code: rk_code, into slot: Int) {
      op.code = UInt16(code.rawValue)
      op.dst = UInt16(slot)
    }
    switch self {
    case .load(let operand, let slot):
      set(RK_LOAD, into: slot)
      op.operand = UInt16(operand)
    case .store(let slot, let operand):
      set(RK_STORE, into: 0)
      op.a = UInt16(slot)
      op.operand = UInt16(operand)
    case .spread(let operand, let axis, let inner, let slot):
      set(RK_SPREAD, into: slot)
      op.operand = UInt16(operand)
      op.axis = Int32(axis)
      op.inner = Int32(inner)
    case .reduce(let operand, let axis, let inner, let slot):
      set(RK_REDUCE, into: slot)
      op.operand = UInt16(operand)
      op.axis = Int32(axis)
      op.inner = Int32(inner)
    case .dot(let first, let second, let axis, let slot):
      set(RK_DOT, into: slot)
      op.operand = UInt16(first)
      op.other = UInt16(second)
      op.axis = Int32(axis)
    case .squares(let operand, let mean, let axis, let slot):
      set(RK_SQUARES, into: slot)
      op.operand = UInt16(operand)
      op.other = UInt16(mean)
      op.axis = Int32(axis)
    case .normal(let a, let mean, let scale, let slot):
      set(RK_NORMAL_ROW, into: slot)
      op.a = UInt16(a)
      op.operand = UInt16(mean)
      op.other = UInt16(scale)
    case .withRow(let function, let a, let operand, let slot):
      set(function.code, into: slot)
      op.a = UInt16(a)
      op.operand = UInt16(operand)
    case .productWithRow(let function, let a, let operand, let c, let slot):
      precondition(function != .select, "A row chooses nothing")
      set(function == .multiplyAdd ? RK_FMA_ROW : RK_FNMA_ROW, into: slot)
      (op.a, op.c) = (UInt16(a), UInt16(c))
      op.operand = UInt16(operand)
    case .product(let operand, let weight, let length, let slot):
      set(RK_PRODUCT, into: slot)
      op.operand = UInt16(operand)
      op.weight = UInt16(weight)
      op.k = Int32(length)
    case .constant(let value, let slot):
      set(RK_CONSTANT, into: slot)
      op.value = value
    case .unary(let function, let a, let slot):
      set(function.code, into: slot)
      op.a = UInt16(a)
    case .binary(let function, let a, let b, let slot):
      set(function.code, into: slot)
      (op.a, op.b) = (UInt16(a), UInt16(b))
    case .ternary(let function, let a, let b, let c, let slot):
      set(function.code, into: slot)
      (op.a, op.b, op.c) = (UInt16(a), UInt16(b), UInt16(c))
    case .withValue(let function, let a, let value, let slot):
      set(function.code, into: slot)
      op.a = UInt16(a)
      op.value = value
    }
    return op
  }
}

extension BlockProgram.Unary {
  fileprivate var code: rk_code {
    switch self {
    case .negate: RK_NEGATE
    case .abs: RK_ABS
    case .exp: RK_EXP
    case .log: RK_LOG
    case .sigmoid: RK_SIGMOID
    case .tanh: RK_TANH
    case .softplus: RK_SOFTPLUS
    case .sqrt: RK_SQRT
    case .floor: RK_FLOOR
    }
  }
}

extension BlockProgram.Binary {
  fileprivate var code: rk_code {
    switch self {
    case .add: RK_ADD
    case .subtract: RK_SUBTRACT
    case .multiply: RK_MULTIPLY
    case .divide: RK_DIVIDE
    case .max: RK_MAX
    case .min: RK_MIN
    case .greater: RK_GREATER
    }
  }
}

extension BlockProgram.WithRow {
  fileprivate var code: rk_code {
    switch self {
    case .add: RK_ADD_ROW
    case .subtract: RK_SUBTRACT_ROW
    case .multiply: RK_MULTIPLY_ROW
    }
  }
}

extension BlockProgram.Ternary {
  fileprivate var code: rk_code {
    switch self {
    case .multiplyAdd: RK_FMA
    case .subtractProduct: RK_FNMA
    case .select: RK_SELECT
    }
  }
}

extension BlockProgram.WithValue {
  fileprivate var code: rk_code {
    switch self {
    case .add: RK_ADD_VALUE
    case .multiply: RK_MULTIPLY_VALUE
    case .from: RK_FROM_VALUE
    }
  }
}

/// An array that a block program reads or writes: one row of units for every step and batch row.
///
/// Element (step, row, unit) stands at `offset + at · stepStride + row · rowStride + unit` of the
/// buffer, where `at` is `step + stepOffset`, modulo `ring` if that is above 0.
package struct BlockOperand: Sendable {
  package var buffer: TensorBuffer
  package var offset: Int
  package var stepStride: Int
  package var rowStride: Int
  package var stepOffset: Int
  package var ring: Int

  package init(
    _ buffer: TensorBuffer, offset: Int = 0, stepStride: Int, rowStride: Int,
    stepOffset: Int = 0, ring: Int = 0
  ) {
    self.buffer = buffer
    self.offset = offset
    self.stepStride = stepStride
    self.rowStride = rowStride
    self.stepOffset = stepOffset
    self.ring = ring
  }
}
