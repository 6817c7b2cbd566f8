import RecurrentCells

/// The tasks of the long time-lag study, by name.
public enum LagTasks {
  /// All of them, in one list.
  public static let all: [any LagTask.Type] = [
    AddingTask.self, EmbeddedReberTask.self, TemporalOrderTask.self, NoisySequenceTask.self,
    CopyTask.self,
  ]

  /// The task of a name.
  ///
  /// - Throws: ``LagTaskError`` with the nearest name, where there is none.
  public static func named(_ name: String) throws(LagTaskError) -> any LagTask.Type {
    if let task = all.first(where: { $0.name == name }) { return task }
    throw LagTaskError(name: name)
  }
}

/// No task has this name.
public struct LagTaskError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The name that was asked for.
  public var name: String

  public init(name: String) { self.name = name }

  /// The sentence to show, with the nearest name there is.
  public var description: String {
    let names = LagTasks.all.map { $0.name }
    let hint = nearest(to: name, in: names).map { "; did you mean \($0)?" } ?? ""
    return "no task is called \"\(name)\"\(hint) (there are \(names.joined(separator: ", ")))"
  }
}
