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
          operands: operands.baseAddress, weights: nil, first_unit: 0)
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
