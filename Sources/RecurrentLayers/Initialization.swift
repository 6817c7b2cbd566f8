import RecurrentCells
import RecurrentCore

/// How the parameters of a recurrent layer start, where its cell does not say so itself.
public struct Initialization: Hashable, Sendable {
  public enum Matrix: Hashable, Sendable {
    /// Uniform within ±1/√hidden, PyTorch's.
    case uniform
    /// Uniform within ±√(6 / (rows + columns)), of the whole stack of gates as Keras has it, or of
    /// each gate as Haste has it. Glorot & Bengio 2010.
    case glorot(perGate: Bool = false)
    /// With orthonormal rows or columns, whichever are fewer, in the whole stack of gates as Keras
    /// has it, or in each gate as Haste has it. Saxe et al. 2014 (arXiv:1312.6120).
    case orthogonal(perGate: Bool = false)
  }

  public enum Bias: Hashable, Sendable {
    /// Uniform within ±1/√hidden, PyTorch's.
    case uniform
    case zero
  }

  /// Matrices that the layer's input is multiplied with.
  public var inputMatrices = Matrix.uniform
  /// All others.
  public var recurrentMatrices = Matrix.uniform
  public var biases = Bias.uniform
  /// What the biases of the forget gate, section `f`, add up to.
  public var forgetBias: Double?
  /// The longest time T that is to be remembered: the biases of section `f` add up to log u, with u
  /// uniform in 1 … T − 1, and those of section `i` to −log u. Tallec & Ollivier 2018
  /// (arXiv:1804.11188).
  public var chrono: Double?

  public init() {}

  /// PyTorch's: everything uniform within ±1/√hidden.
  public static let pytorch = Initialization()

  /// Keras': Glorot and orthogonal matrices, biases 0, and 1 for the forget gate.
  public static let keras = {
    var keras = Initialization()
    keras.inputMatrices = .glorot()
    keras.recurrentMatrices = .orthogonal()
    keras.biases = .zero
    keras.forgetBias = 1
    return keras
  }()
}

extension Initialization {
  /// - Throws: `CellError` where a gate is to start in a way of its own that the cell does not have.
  func check(_ cell: Cell) throws(CellError) {
    if let chrono, !(chrono.isFinite && Float(chrono - 1) > 1) {
      throw CellError(
        .invalidOption, "chrono initialisation is for times above 2 steps, found \(chrono)")
    }
    if chrono != nil, forgetBias != nil {
      throw CellError(
        .invalidOption, "chrono initialisation sets the forget bias: it cannot be given as well")
    }
    let sections = Set(cell.parameters.filter { $0.columns == nil }.flatMap(\.sections))
    if chrono != nil, sections.isDisjoint(with: ["f", "i"]) {
      throw CellError(
        .invalidOption,
        "chrono initialisation sets biases of gates f and i, which \(cell.name) does not have")
    }
    let own = cell.parameters.filter { $0.name.hasPrefix("bias_") }.contains { parameter in
      zip(parameter.sections, parameter.starts).contains {
        ["f", "i"].contains($0) && $1 != .uniform
      }
    }
    if chrono != nil, own {
      throw CellError(
        .invalidOption,
        "chrono initialisation sets biases of gates f and i, which \(cell.name) starts in a way of "
          + "its own")
    }
  }

  /// The starting value of one parameter.
  ///
  /// - Parameters:
  ///   - isInput: Whether the layer's input is multiplied with it.
  ///   - isFirstBias: Whether it is the first of the biases that are added to its sections.
  func start(
    _ parameter: CellParameter, shape: [Int], isInput: Bool, isFirstBias: Bool, hiddenSize: Int,
    key: RandomKey, chronoKey: RandomKey, on context: ComputeContext
  ) -> Tensor {
    let bound = 1 / Float(hiddenSize).squareRoot()
    var tensor = Tensor.uniform(shape, in: -bound..<bound, key: key, on: context)
    let isMatrix = parameter.columns != nil
    let length = tensor.count / parameter.sections.count
    if isMatrix, parameter.starts.allSatisfy({ $0 == .uniform }) {
      fill(
        &tensor, isInput ? inputMatrices : recurrentMatrices,
        sections: parameter.sections.count, key: key)
    }
    let isBias = parameter.name.hasPrefix("bias_")
    for (section, start) in parameter.starts.enumerated() {
      let range = section * length..<(section + 1) * length
      tensor.withMutableElements { elements in
        if isBias, start == .uniform, biases == .zero {
          for index in range { elements[index] = 0 }
        }
        start.fill(&elements, range, key.folded(section))
      }
      if isBias, start == .uniform {
        setGate(parameter.sections[section], range, &tensor, isFirstBias, chronoKey)
      }
    }
    return tensor
  }

  /// What the options say about the bias of one gate.
  private func setGate(
    _ gate: String, _ range: Range<Int>, _ tensor: inout Tensor, _ isFirst: Bool,
    _ chronoKey: RandomKey
  ) {
    let value: (Int) -> Float
    if let chrono, gate == "f" || gate == "i" {
      let sign: Double = gate == "f" ? 1 : -1
      value = { place in
        let time = chronoKey.uniform(at: place, in: 1..<Float(chrono - 1))
        return Float(sign * logarithm(Double(time)))
      }
    } else if let forgetBias, gate == "f" {
      value = { _ in Float(forgetBias) }
    } else {
      return
    }
    tensor.withMutableElements { elements in
      for (place, index) in range.enumerated() { elements[index] = isFirst ? value(place) : 0 }
    }
  }

  private func fill(_ tensor: inout Tensor, _ matrix: Matrix, sections: Int, key: RandomKey) {
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    switch matrix {
    case .uniform: return
    case .glorot(let perGate):
      let height = perGate ? rows / sections : rows
      let bound = (6 / Float(height + columns)).squareRoot()
      tensor = .uniform(tensor.shape, in: -bound..<bound, key: key, on: tensor.context)
    case .orthogonal(let perGate):
      let height = perGate ? rows / sections : rows
      tensor.withMutableElements { elements in
        for first in stride(from: 0, to: rows, by: height) {
          let block = orthonormal(rows: height, columns: columns, key: key.folded(first))
          for (place, value) in block.enumerated() {
            elements[first * columns + place] = Float(value)
          }
        }
      }
    }
  }
}

/// A matrix, row-major, whose rows or columns, whichever are fewer, are orthonormal and point in
/// directions drawn at random: normal numbers made orthogonal one after the other (Gram & Schmidt),
/// twice, which is enough in Double.
private func orthonormal(rows: Int, columns: Int, key: RandomKey) -> [Double] {
  let (count, length) = rows <= columns ? (rows, columns) : (columns, rows)
  var vectors: [[Double]] = []
  for index in 0..<count {
    var vector = (0..<length).map { Double(key.normal(at: index * length + $0)) }
    for _ in 0..<2 {
      for other in vectors {
        var product = 0.0
        for place in 0..<length { product += vector[place] * other[place] }
        for place in 0..<length { vector[place] -= product * other[place] }
      }
    }
    let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    vectors.append(vector.map { $0 / norm })
  }
  if rows <= columns { return vectors.flatMap { $0 } }
  return (0..<rows).flatMap { row in vectors.map { $0[row] } }
}
