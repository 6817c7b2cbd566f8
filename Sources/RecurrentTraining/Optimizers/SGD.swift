import RecurrentCore

/// Gradient descent, with momentum if wanted.
///
/// With gradient g, weight decay λ, momentum μ, dampening δ and learning rate η:
///
///     g′ = g + λ w
///     v  = μ v + (1 − δ) g′      (v = g′ in the first step)
///     w  = w − η v               (Nesterov: w − η (g′ + μ v); without momentum: w − η g′)
///
/// Source: PyTorch's `torch.optim.SGD`; Sutskever, Martens, Dahl & Hinton (2013).
public struct SGD: Optimizer {
  public static let name = "sgd"

  public var learningRate: Double
  /// λ: added to the gradient.
  public var weightDecay: Double
  /// μ
  public let momentum: Double
  /// δ
  public let dampening: Double
  public let isNesterov: Bool
  public var groups: [ParameterGroup] = []
  public var stepCount = 0
  /// v; empty without momentum.
  private var momentumBuffer: TensorList

  /// - Precondition: Nesterov's form needs momentum and no dampening.
  public init(
    for model: some TensorTree, learningRate: Double = 1e-3, momentum: Double = 0,
    dampening: Double = 0, weightDecay: Double = 0, isNesterov: Bool = false
  ) {
    precondition(
      !isNesterov || (momentum > 0 && dampening == 0),
      "Nesterov's momentum needs momentum and no dampening, found \(momentum) and \(dampening)")
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.isNesterov = isNesterov
    momentumBuffer = momentum == 0 ? TensorList() : TensorList(zerosLike: model)
  }

  public mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("momentum_buffer", &momentumBuffer)
  }

  public mutating func update<Model: TensorTree>(
    _ model: inout Model, gradient: Model, rateFactor: Double
  ) {
    let kept = stepCount == 0 ? 1 : 1 - dampening
    stepCount += 1
    settings(rateFactor: rateFactor).forEachParameter(of: &model, gradient: gradient) {
      index, weight, gradient, rate, decay in
      if momentum == 0 {
        Self.plain.update(&weight, reading: [gradient], values: [Float(decay), Float(rate)])
      } else {
        (isNesterov ? Self.nesterov : Self.heavyBall).update(
          &weight, &momentumBuffer.tensors[index], reading: [gradient],
          values: [Float(decay), Float(rate), Float(momentum), Float(kept)])
      }
    }
  }

  private static let plain = ElementwiseProgram { formula in
    let weight = formula.target(0)
    let gradient = formula.input(0) + weight * formula.value(0)
    formula.store(weight - formula.value(1) * gradient, to: 0)
  }

  private static let heavyBall = withMomentum { _, velocity, _ in velocity }
  private static let nesterov = withMomentum { gradient, velocity, momentum in
    gradient + momentum * velocity
  }

  private static func withMomentum(
    direction: (_ gradient: Term, _ velocity: Term, _ momentum: Term) -> Term
  ) -> ElementwiseProgram {
    ElementwiseProgram { formula in
      let weight = formula.target(0)
      let momentum = formula.value(2)
      let gradient = formula.input(0) + weight * formula.value(0)
      let velocity = formula.target(1) * momentum + gradient * formula.value(3)
      formula.store(velocity, to: 1)
      formula.store(
        weight - formula.value(1) * direction(gradient, velocity, momentum), to: 0)
    }
  }
}
