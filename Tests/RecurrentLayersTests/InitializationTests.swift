import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// Where parameters start: the distribution of every initialiser, and what cells say themselves.
@Suite struct InitializationTests {
  private func parameters(
    _ cell: Cell, inputSize: Int = 31, hiddenSize: Int = 24,
    _ change: (inout Initialization) -> Void = { _ in }
  ) throws -> [String: Tensor] {
    var initialization = Initialization()
    change(&initialization)
    return try parameters(
      cell, inputSize: inputSize, hiddenSize: hiddenSize, initialization: initialization)
  }

  private func parameters(
    _ cell: Cell, inputSize: Int = 31, hiddenSize: Int = 24, initialization: Initialization
  ) throws -> [String: Tensor] {
    let layer = try RecurrentLayer(
      cell, inputSize: inputSize, hiddenSize: hiddenSize, initialization: initialization,
      key: RandomKey(seed: 4))
    return Dictionary(
      uniqueKeysWithValues: layer.namedTensors.map { ($0.path.description, $0.tensor) })
  }

  /// Uniform in ± bound: all within, some near it, and the variance bound² / 3.
  private func expectUniform(_ values: [Float], bound: Double, _ what: Comment) {
    let largest = values.reduce(0) { max($0, Double(abs($1))) }
    #expect(largest <= bound * 1.000_001 && largest > 0.95 * bound, what)
    let count = Double(values.count)
    let variance = values.reduce(0) { $0 + Double($1) * Double($1) } / count
    let expected = bound * bound / 3
    // The variance of x² is 4/45 bound⁴.
    #expect(abs(variance - expected) < 4 * bound * bound * (4 / 45 / count).squareRoot(), what)
    let mean = values.reduce(0) { $0 + Double($1) } / count
    #expect(abs(mean) < 4 * (expected / count).squareRoot(), what)
  }

  private func blocks(_ tensor: Tensor, _ count: Int) -> [Tensor] {
    tensor.split(axis: 0, sizes: Array(repeating: tensor.shape[0] / count, count: count))
  }

  /// Rows or columns, whichever are fewer, are orthonormal.
  private func expectOrthonormal(_ matrix: Tensor, _ what: Comment) {
    let isTall = matrix.shape[0] > matrix.shape[1]
    let product =
      isTall ? matmul(matrix.transposed(), matrix) : matmul(matrix, matrix.transposed())
    let size = product.shape[0]
    let worst = product.elements.enumerated().map { place, value in
      abs(value - (place % (size + 1) == 0 ? 1 : 0))
    }.max()!
    #expect(worst < 1e-5, what)
  }

  // MARK: Matrices

  @Test func uniformIsTheDefault() throws {
    for (name, tensor) in try parameters(.lstm()) where name.hasPrefix("weight") {
      expectUniform(tensor.elements, bound: 1 / 24.0.squareRoot(), "\(name)")
    }
  }

  @Test func glorot() throws {
    let whole = try parameters(.lstm()) {
      $0.inputMatrices = .glorot()
      $0.recurrentMatrices = .glorot()
    }
    expectUniform(
      whole["weight_ih_l0"]!.elements, bound: (6.0 / (96 + 31)).squareRoot(), "whole, input")
    expectUniform(
      whole["weight_hh_l0"]!.elements, bound: (6.0 / (96 + 24)).squareRoot(), "whole, recurrent")
    let each = try parameters(.lstm()) { $0.inputMatrices = .glorot(perGate: true) }
    for block in blocks(each["weight_ih_l0"]!, 4) {
      expectUniform(block.elements, bound: (6.0 / (24 + 31)).squareRoot(), "per gate")
    }
    // The recurrent matrix was not asked for.
    expectUniform(
      each["weight_hh_l0"]!.elements, bound: 1 / 24.0.squareRoot(), "recurrent, uniform")
  }

  @Test func orthogonal() throws {
    let whole = try parameters(.gru()) {
      $0.inputMatrices = .orthogonal()
      $0.recurrentMatrices = .orthogonal()
    }
    expectOrthonormal(whole["weight_hh_l0"]!, "whole, recurrent")
    expectOrthonormal(whole["weight_ih_l0"]!, "whole, input")
    let each = try parameters(.gru()) {
      $0.inputMatrices = .orthogonal(perGate: true)
      $0.recurrentMatrices = .orthogonal(perGate: true)
    }
    let gates = blocks(each["weight_hh_l0"]!, 3)
    for gate in gates { expectOrthonormal(gate, "per gate, recurrent") }
    // More columns than rows.
    for gate in blocks(each["weight_ih_l0"]!, 3) { expectOrthonormal(gate, "per gate, input") }
    #expect(gates[0].elements != gates[1].elements && gates[1].elements != gates[2].elements)
    let projection = try parameters(.lstm(projectionSize: 5)) {
      $0.recurrentMatrices = .orthogonal()
    }
    expectOrthonormal(projection["weight_hr_l0"]!, "projection")
  }

  /// What a structure leaves no room for is zero from the start.
  @Test func structuredMatrices() throws {
    let initializations: [Initialization.Matrix] = [
      .uniform, .glorot(), .orthogonal(), .orthogonal(perGate: true),
    ]
    for matrix in initializations {
      let found = try parameters(.clockwork(periods: [1, 2, 4])) {
        $0.recurrentMatrices = matrix
      }["weight_hh_l0"]!.elements
      for (place, value) in found.enumerated() {
        #expect((value == 0) == (place / 24 / 8 > place % 24 / 8))
      }
    }
  }

  // MARK: Biases

  @Test func forgetBias() throws {
    let found = try parameters(.lstm()) { $0.forgetBias = 1.25 }
    let (first, second) = (
      blocks(found["bias_ih_l0"]!, 4), blocks(found["bias_hh_l0"]!, 4)
    )
    #expect(first[1].elements.allSatisfy { $0 == 1.25 })
    #expect(second[1].elements.allSatisfy { $0 == 0 })
    for gate in [0, 2, 3] {
      #expect(first[gate].elements.allSatisfy { $0 != 1.25 && $0 != 0 })
      #expect(second[gate].elements.allSatisfy { $0 != 0 })
    }
  }

  @Test func chrono() throws {
    let found = try parameters(.lstm(), hiddenSize: 400) { $0.chrono = 50 }
    let sums = blocks(found["bias_ih_l0"]! + found["bias_hh_l0"]!, 4)
    let (input, forget) = (sums[0].elements, sums[1].elements)
    #expect(forget.allSatisfy { (0...Float(logarithm(49)) + 1e-6).contains($0) })
    #expect(zip(input, forget).allSatisfy { $0 == -$1 })
    // Times are uniform in 1 … 49.
    expectUniform(
      forget.map { Float(exponential(Double($0)) - 25) }, bound: 24, "times")
    for gate in [2, 3] {
      #expect(blocks(found["bias_ih_l0"]!, 4)[gate].elements.allSatisfy { abs($0) <= 0.05 })
    }
  }

  @Test func chronoOfCoupledGates() throws {
    var options = LSTMOptions()
    options.coupling = .forgetFromInput
    let coupled = try parameters(.lstm(options)) { $0.chrono = 50 }
    let input = blocks(coupled["bias_ih_l0"]! + coupled["bias_hh_l0"]!, 3)[0].elements
    #expect(input.allSatisfy { (-Float(logarithm(49)) - 1e-6...0).contains($0) })
  }

  @Test func keras() throws {
    let found = try parameters(.lstm(), initialization: .keras)
    expectUniform(
      found["weight_ih_l0"]!.elements, bound: (6.0 / (96 + 31)).squareRoot(), "kernel")
    expectOrthonormal(found["weight_hh_l0"]!, "recurrent kernel")
    for (gate, bias) in blocks(found["bias_ih_l0"]!, 4).enumerated() {
      #expect(bias.elements.allSatisfy { $0 == (gate == 1 ? 1 : 0) })
    }
    #expect(found["bias_hh_l0"]!.elements.allSatisfy { $0 == 0 })
  }

  // MARK: What cells say themselves

  @Test func slstmStarts() throws {
    // Keras' forget bias of 1 is for cells that say nothing.
    for initialization in [Initialization.pytorch, .keras] {
      let found = try parameters(.slstm(heads: 3), initialization: initialization)
      #expect(found["weight_hh_l0"]!.elements.allSatisfy { $0 == 0 })
      let gates = blocks(found["bias_ih_l0"]!, 4).map(\.elements)
      for (unit, value) in gates[1].enumerated() {
        let share = Double(unit % 8) / 7
        let power = share == 0 ? 0 : exponential(0.3 * logarithm(share))
        #expect(abs(Double(value) - (5 - 12 * power)) < 1e-5)
      }
      for gate in [0, 2, 3] { #expect(gates[gate].allSatisfy { $0 == 0 }) }
    }
    // One unit to a head.
    let single = try parameters(.slstm(heads: 24))
    #expect(blocks(single["bias_ih_l0"]!, 4)[1].elements.allSatisfy { $0 == 5 })
  }

  @Test func mlstmStarts() throws {
    let found = try parameters(.mlstm(heads: 4))
    #expect(found["weight_gates_l0"]!.elements.allSatisfy { $0 == 0 })
    let gates = blocks(found["bias_gates_l0"]!, 2).map(\.elements)
    #expect(gates[1] == [3, 4, 5, 6])
    #expect(gates[0].allSatisfy { $0 != 0 && abs($0) < 0.5 })
    let many = try parameters(.mlstm(heads: 400), hiddenSize: 400)["bias_gates_l0"]!
    let drawn = blocks(many, 2)[0].elements.map { Double($0) }
    let variance = drawn.reduce(0) { $0 + $1 * $1 } / 400
    #expect(abs(variance - 0.01) < 4 * 0.01 * (2.0 / 400).squareRoot())
  }

  @Test func layerNormStarts() throws {
    for (name, tensor) in try parameters(Cell.named("lstm-layernorm:layer-norm=tf-addons")) {
      if name.hasPrefix("gain") { #expect(tensor.elements.allSatisfy { $0 == 1 }, "\(name)") }
      if name.hasPrefix("shift") { #expect(tensor.elements.allSatisfy { $0 == 0 }, "\(name)") }
    }
  }

  @Test func startsThatContradictEachOther() throws {
    #expect(throws: CellError.self) { try parameters(.lstm()) { $0.chrono = 2 } }
    #expect(throws: CellError.self) { try parameters(.gru()) { $0.chrono = 50 } }
    #expect(throws: CellError.self) { try parameters(.lstm(forgetBias: 1)) { $0.chrono = 50 } }
    #expect(throws: CellError.self) {
      try parameters(.lstm()) {
        $0.chrono = 50
        $0.forgetBias = 1
      }
    }
  }
}
