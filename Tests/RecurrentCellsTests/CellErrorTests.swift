import RecurrentCells
import Testing

/// Equations that are not well formed are refused when the cell is made, with what and where.
@Suite struct CellErrorTests {
  private func refusal(_ equations: @escaping Cell.Equations) -> CellError? {
    do {
      _ = try Cell("tried", equations)
      return nil
    } catch {
      return error
    }
  }

  @Test func stateNeverSet() {
    let error = refusal { step in
      let h = step.state("h")
      step.output(h)
    }
    #expect(error?.code == .unsetState)
    #expect(
      error?.description == "cell \"tried\": state \"h\" is never given its next value")
  }

  @Test func stateSetTwice() {
    let error = refusal { step in
      let h = step.state("h")
      step.next(h, h)
      step.next(h, h * 2)
      step.output(h)
    }
    #expect(error?.code == .unsetState)
  }

  @Test func sizesThatDoNotFit() {
    let error = refusal { step in
      let h = step.state("h")
      step.next(h, h + step.input)
      step.output(h)
    }
    #expect(error?.code == .mismatchedSize)
    #expect(error?.description.contains("[hidden]") == true)
    #expect(error?.description.contains("[input]") == true)
  }

  @Test func namesTwice() {
    #expect(
      refusal { step in
        let h = step.state("h")
        step.next(h, step.affine(of: h) + step.affine(of: step.state("s")))
        step.output(h)
      }?.code == .duplicateName)
    #expect(
      refusal { step in
        _ = step.state("h")
        _ = step.state("h")
      }?.code == .duplicateName)
  }

  @Test func unknownSection() {
    let error = refusal { step in
      let h = step.state("h")
      step.next(h, step.affine(["a"], of: h)["b"])
      step.output(h)
    }
    #expect(error?.code == .unknownName)
  }

  @Test func noOutput() {
    let error = refusal { step in
      let h = step.state("h")
      step.next(h, h)
    }
    #expect(error?.code == .missingOutput)
  }

  @Test func indivisibleSizes() throws {
    let cell = try Cell("halves") { step in
      let h = step.state("h", size: .hidden / 2)
      step.next(h, h * 0.5)
      step.output(h)
    }
    #expect(throws: CellError.self) {
      try CompiledCell(cell, sizes: CellSizes(input: 3, hidden: 7))
    }
    #expect(throws: Never.self) {
      try CompiledCell(cell, sizes: CellSizes(input: 3, hidden: 8))
    }
  }

  @Test func optionsThatContradict() {
    #expect(throws: CellError.self) { try Cell.lstm(projectionSize: 0) }
    #expect(throws: CellError.self) { try Cell.lstm(forgetBias: 1, bias: false) }
  }
}
