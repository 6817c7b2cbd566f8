import RecurrentCore

/// A rule that moves the parameters of a model along their gradients.
///
/// It is a value: the tensors it lists are what it remembers of earlier steps, so saving it is
/// saving a tree. It is made for one model and knows its tensors by their order.
public protocol Optimizer: TensorTree {
  /// The rule's name in checkpoints.
  static var name: String { get }
  /// How far a step goes, before schedules and groups have their say.
  var learningRate: Double { get set }
  /// How much of a parameter is added to its gradient, or taken from it directly; see the rule.
  var weightDecay: Double { get set }
  /// Parameters that are treated in their own way.
  var groups: [ParameterGroup] { get set }
  /// Updates done so far.
  var stepCount: Int { get set }

  /// Does one step.
  ///
  /// - Parameters:
  ///   - gradient: Of the tree's shapes.
  ///   - rateFactor: Multiplies the learning rate in this step: a schedule's value.
  mutating func update<Model: TensorTree>(
    _ model: inout Model, gradient: Model, rateFactor: Double)
}

extension Optimizer {
  /// Does one step at the optimizer's own learning rate.
  public mutating func update<Model: TensorTree>(_ model: inout Model, gradient: Model) {
    update(&model, gradient: gradient, rateFactor: 1)
  }

  /// What a step needs to know of the optimizer, apart from what it remembers.
  func settings(rateFactor: Double) -> UpdateSettings {
    UpdateSettings(
      learningRate: learningRate * rateFactor, weightDecay: weightDecay, groups: groups)
  }

  /// Makes the gradients of frozen parameters zero.
  func clearFrozen(_ gradient: inout some TensorTree) {
    if !groups.contains(where: \.isFrozen) { return }
    let groups = groups
    gradient = gradient.mapTensors { path, tensor in
      groups.group(of: path)?.isFrozen == true
        ? Tensor.zeros(tensor.shape, on: tensor.context) : tensor
    }
  }
}

/// The numbers of one step, for each parameter.
struct UpdateSettings {
  let learningRate: Double
  let weightDecay: Double
  let groups: [ParameterGroup]

  /// Lets `body` change each parameter that is not frozen.
  ///
  /// - Parameter body: Takes the parameter's place in the tree, the parameter, its gradient, its
  ///   learning rate and its weight decay.
  func forEachParameter<Model: TensorTree>(
    of model: inout Model, gradient: Model,
    _ body: (Int, inout Tensor, Tensor, _ rate: Double, _ decay: Double) -> Void
  ) {
    let gradients = gradient.tensors
    model.withTensors { paths, parameters in
      precondition(
        parameters.count == gradients.count,
        "A model of \(parameters.count) tensors has a gradient of \(gradients.count)")
      for index in parameters.indices {
        let group = groups.group(of: paths[index])
        if group?.isFrozen == true { continue }
        body(
          index, &parameters[index], gradients[index],
          learningRate * (group?.rateFactor ?? 1), group?.weightDecay ?? weightDecay)
      }
    }
  }
}
