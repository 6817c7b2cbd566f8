import RecurrentCore

/// Parameters that an optimizer treats in their own way.
///
/// ```swift
/// optimizer.groups = [
///   ParameterGroup(isFrozen: true) { $0.names.first == "embedding" },
///   ParameterGroup(weightDecay: 0) { $0.names.last!.hasPrefix("bias") },
/// ]
/// ```
public struct ParameterGroup: Sendable {
  /// The learning rate of the group is the optimizer's times this.
  public var rateFactor: Double
  /// The group's weight decay; nil is the optimizer's.
  public var weightDecay: Double?
  /// A frozen parameter keeps its value, and its gradient counts for nothing.
  public var isFrozen: Bool
  /// Which parameters belong to the group; those of several belong to the first.
  public var contains: @Sendable (TensorPath) -> Bool

  public init(
    rateFactor: Double = 1, weightDecay: Double? = nil, isFrozen: Bool = false,
    contains: @escaping @Sendable (TensorPath) -> Bool
  ) {
    self.rateFactor = rateFactor
    self.weightDecay = weightDecay
    self.isFrozen = isFrozen
    self.contains = contains
  }
}

extension [ParameterGroup] {
  /// The first group that a parameter belongs to.
  func group(of path: TensorPath) -> ParameterGroup? { first { $0.contains(path) } }
}
