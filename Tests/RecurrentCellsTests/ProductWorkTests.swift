import RecurrentCells
import Testing

/// The operations of the matrix products that a step needs, counted by hand.
@Suite struct ProductWorkTests {
  private func compiled(_ cell: Cell, input: Int = 6, hidden: Int = 12) throws -> CompiledCell {
    try CompiledCell(cell, sizes: CellSizes(input: input, hidden: hidden))
  }

  @Test func lstm() throws {
    let cell = try compiled(.lstm())
    let (inputs, states) = (2 * 48 * 6, 2 * 48 * 12)
    #expect(cell.forwardProductWork == inputs + states)
    // The gradient of the input is what a layer on another needs, and the first one does not.
    #expect(cell.trainingProductWork(inputGradients: false) == 2 * inputs + 3 * states)
    #expect(cell.trainingProductWork(inputGradients: true) == 3 * inputs + 3 * states)
  }

  @Test func computedSources() throws {
    let cell = try compiled(.gruResetBefore())
    let (inputs, states) = (2 * 36 * 6, 2 * 36 * 12)
    #expect(cell.forwardProductWork == inputs + states)
    #expect(cell.trainingProductWork(inputGradients: false) == 2 * inputs + 3 * states)
  }

  @Test func structuredMatricesCountTheirFreeElements() throws {
    let cell = try Cell("structured") { step in
      let h = step.state("h")
      let next = step.affine(
        ["a", "b"], of: step.input, h,
        structures: [.blockDiagonal(blocks: 3), .blockUpperTriangular(blocks: 4)])
      step.next(h, next["a"] * next["b"])
      step.output(h)
    }
    // Two sections; 3 blocks of 4 × 2, and 10 of the 16 blocks of 3 × 3.
    let (inputs, states) = (2 * 2 * 3 * 4 * 2, 2 * 2 * 10 * 3 * 3)
    #expect(try compiled(cell).forwardProductWork == inputs + states)
    #expect(
      try compiled(cell).trainingProductWork(inputGradients: false) == 2 * inputs + 3 * states)
  }

  @Test func whatNothingIsLearntBehindNeedsNoGradient() throws {
    let cell = try Cell("masked input") { step in
      let h = step.state("h")
      let kept = step.mask("kept", keep: 0.5, size: .input)
      step.next(h, h * 0.5 + step.affine(of: step.input * kept, bias: false))
      step.output(h)
    }
    let products = 2 * 12 * 6
    #expect(try compiled(cell).trainingProductWork(inputGradients: false) == 2 * products)
    #expect(try compiled(cell).trainingProductWork(inputGradients: true) == 3 * products)
  }
}
