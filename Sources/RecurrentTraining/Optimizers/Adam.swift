import RecurrentCore

/// Steps along a running mean of the gradient, divided by a running mean of its size.
///
/// With gradient g, weight decay λ, learning rate η, at step t = 1, 2, …:
///
///     g′ = g + λ w
///     m  = β₁ m + (1 − β₁) g′
///     v  = β₂ v + (1 − β₂) g′²
///     w  = w − η · m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε)
///
/// Source: PyTorch's `torch.optim.Adam`; Kingma & Ba (2015).
public struct Adam: Optimizer {
  public static let name = "adam"

  public var learningRate: Double
  /// λ: added to the gradient.
  public var weightDecay: Double
  public var groups: [ParameterGroup] = []
  public var stepCount: Int {
    get { moments.stepCount }
    set { moments.stepCount = newValue }
  }
  private var moments: AdamMoments

  /// - Parameters:
  ///   - betas: β₁ and β₂.
  ///   - epsilon: ε
  public init(
    for model: some TensorTree, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    moments = AdamMoments(for: model, betas: betas, epsilon: epsilon)
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) { moments.visit(&visitor) }

  public mutating func update<Model: TensorTree>(
    _ model: inout Model, gradient: Model, rateFactor: Double
  ) {
    moments.beginStep()
    settings(rateFactor: rateFactor).forEachParameter(of: &model, gradient: gradient) {
      index, weight, gradient, rate, decay in
      moments.update(index, &weight, gradient, rate: rate, added: decay, shrunk: 0)
    }
  }
}

/// Adam whose weight decay does not go through the moments.
///
/// As ``Adam`` with λ = 0, but each step begins with w = w − η λ w.
///
/// Source: PyTorch's `torch.optim.AdamW`; Loshchilov & Hutter (2019).
public struct AdamW: Optimizer {
  public static let name = "adamw"

  public var learningRate: Double
  /// λ: the part of a weight, times the learning rate, that a step takes from it.
  public var weightDecay: Double
  public var groups: [ParameterGroup] = []
  public var stepCount: Int {
    get { moments.stepCount }
    set { moments.stepCount = newValue }
  }
  private var moments: AdamMoments

  /// - Parameters:
  ///   - betas: β₁ and β₂.
  ///   - epsilon: ε
  public init(
    for model: some TensorTree, learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 1e-2
  ) {
    self.learningRate = learningRate
    self.weightDecay = weightDecay
    moments = AdamMoments(for: model, betas: betas, epsilon: epsilon)
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) { moments.visit(&visitor) }

  public mutating func update<Model: TensorTree>(
    _ model: inout Model, gradient: Model, rateFactor: Double
  ) {
    moments.beginStep()
    settings(rateFactor: rateFactor).forEachParameter(of: &model, gradient: gradient) {
      index, weight, gradient, rate, decay in
      moments.update(index, &weight, gradient, rate: rate, added: 0, shrunk: rate * decay)
    }
  }
}

/// The running means m and v, and the step that ``Adam`` and ``AdamW`` share.
private struct AdamMoments: TensorTree {
  let betas: (Double, Double)
  let epsilon: Double
  var stepCount = 0
  /// m
  private var first: TensorList
  /// v
  private var second: TensorList
  /// 1 − β₁ᵗ and 1 − β₂ᵗ
  private var corrections = (1.0, 1.0)

  init(for model: some TensorTree, betas: (Double, Double), epsilon: Double) {
    self.betas = betas
    self.epsilon = epsilon
    first = TensorList(zerosLike: model)
    second = TensorList(zerosLike: model)
  }

  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("exp_avg", &first)
    visitor.visit("exp_avg_sq", &second)
  }

  mutating func beginStep() {
    stepCount += 1
    corrections = (1 - power(betas.0, stepCount), 1 - power(betas.1, stepCount))
  }

  /// - Parameters:
  ///   - added: How much of the weight is added to the gradient.
  ///   - shrunk: The part that the weight loses first.
  mutating func update(
    _ index: Int, _ weight: inout Tensor, _ gradient: Tensor, rate: Double, added: Double,
    shrunk: Double
  ) {
    Self.formula.update(
      &weight, &first.tensors[index], &second.tensors[index], reading: [gradient],
      values: [
        added, 1 - shrunk, betas.0, 1 - betas.0, betas.1, 1 - betas.1, rate / corrections.0,
        1 / corrections.1.squareRoot(), epsilon,
      ].map { Float($0) })
  }

  private static let formula = ElementwiseProgram { formula in
    let weight = formula.target(0)
    let gradient = formula.input(0) + weight * formula.value(0)
    let first = formula.target(1) * formula.value(2) + gradient * formula.value(3)
    let second = formula.target(2) * formula.value(4) + gradient * gradient * formula.value(5)
    let size = sqrt(second) * formula.value(7) + formula.value(8)
    formula.store(first, to: 1)
    formula.store(second, to: 2)
    formula.store(weight * formula.value(1) - formula.value(6) * first / size, to: 0)
  }
}

/// By repeated squaring: the same bits on every machine, which a mathematical library's `pow` does
/// not promise.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var result = 1.0
  var square = base
  var rest = exponent
  while rest > 0 {
    if rest & 1 == 1 { result *= square }
    square *= square
    rest >>= 1
  }
  return result
}
