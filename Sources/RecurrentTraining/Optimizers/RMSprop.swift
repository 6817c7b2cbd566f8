import RecurrentCore

/// Steps divided by a running mean of the gradient's size.
///
/// With gradient g, weight decay λ, smoothing α, momentum μ and learning rate η:
///
///     g′ = g + λ w
///     s  = α s + (1 − α) g′²
///     a  = α a + (1 − α) g′                  (if centered)
///     d  = g′ / (√s + ε)                     (centered: g′ / (√(s − a²) + ε))
///     w  = w − η d                           (with momentum: b = μ b + d, w = w − η b)
///
/// Source: PyTorch's `torch.optim.RMSprop`; Tieleman & Hinton (2012); centered: Graves (2013).
public struct RMSprop: Optimizer {
  public static let name = "rmsprop"

  public var learningRate: Double
  /// λ: added to the gradient.
  public var weightDecay: Double
  /// α
  public let smoothing: Double
  /// ε
  public let epsilon: Double
  /// μ
  public let momentum: Double
  public let isCentered: Bool
  public var groups: [ParameterGroup] = []
  public var stepCount = 0
  /// s
  private var squareAverage: TensorList
  /// a; empty unless centered.
  private var gradientAverage: TensorList
  /// b; empty without momentum.
  private var momentumBuffer: TensorList

  public init(
    for model: some TensorTree, learningRate: Double = 1e-2, smoothing: Double = 0.99,
    epsilon: Double = 1e-8, weightDecay: Double = 0, momentum: Double = 0,
    isCentered: Bool = false
  ) {
    self.learningRate = learningRate
    self.smoothing = smoothing
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.momentum = momentum
    self.isCentered = isCentered
    squareAverage = TensorList(zerosLike: model)
    gradientAverage = isCentered ? TensorList(zerosLike: model) : TensorList()
    momentumBuffer = momentum == 0 ? TensorList() : TensorList(zerosLike: model)
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("square_avg", &squareAverage)
    visitor.visit("grad_avg", &gradientAverage)
    visitor.visit("momentum_buffer", &momentumBuffer)
  }

  public mutating func update<Model: TensorTree>(
    _ model: inout Model, gradient: Model, rateFactor: Double
  ) {
    stepCount += 1
    let hasMomentum = momentum != 0
    settings(rateFactor: rateFactor).forEachParameter(of: &model, gradient: gradient) {
      index, weight, gradient, rate, decay in
      let values = [decay, rate, smoothing, 1 - smoothing, epsilon].map { Float($0) }
      switch (isCentered, hasMomentum) {
      case (false, false):
        Self.plain.update(
          &weight, &squareAverage.tensors[index], reading: [gradient], values: values)
      case (true, false):
        Self.centered.update(
          &weight, &squareAverage.tensors[index], &gradientAverage.tensors[index],
          reading: [gradient], values: values)
      case (false, true):
        Self.withMomentum.update(
          &weight, &squareAverage.tensors[index], &momentumBuffer.tensors[index],
          reading: [gradient], values: values + [Float(momentum)])
      case (true, true):
        Self.centeredWithMomentum.update(
          &weight, &squareAverage.tensors[index], &gradientAverage.tensors[index],
          &momentumBuffer.tensors[index], reading: [gradient], values: values + [Float(momentum)])
      }
    }
  }

  private static let plain = program(mean: nil, buffer: nil)
  private static let centered = program(mean: 2, buffer: nil)
  private static let withMomentum = program(mean: nil, buffer: 2)
  private static let centeredWithMomentum = program(mean: 2, buffer: 3)

  /// - Parameters:
  ///   - mean: Which target a is, if there is one.
  ///   - buffer: Which target b is, if there is one.
  private static func program(mean: Int?, buffer: Int?) -> ElementwiseProgram {
    ElementwiseProgram { formula in
      let weight = formula.target(0)
      let gradient = formula.input(0) + weight * formula.value(0)
      let square =
        formula.target(1) * formula.value(2) + gradient * gradient * formula.value(3)
      formula.store(square, to: 1)
      var variance = square
      if let mean {
        let average = formula.target(mean) * formula.value(2) + gradient * formula.value(3)
        formula.store(average, to: mean)
        // Not negative but for rounding.
        variance = maximum(square - average * average, formula.constant(0))
      }
      var direction = gradient / (sqrt(variance) + formula.value(4))
      if let buffer {
        direction = formula.target(buffer) * formula.value(5) + direction
        formula.store(direction, to: buffer)
      }
      formula.store(weight - formula.value(1) * direction, to: 0)
    }
  }
}
