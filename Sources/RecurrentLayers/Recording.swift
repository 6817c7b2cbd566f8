import RecurrentCore

/// Gates and states of every step of a call, by name.
///
/// Each is [layers · directions, time, batch, size], or [layers · directions, batch, time, size]
/// where the layer is batch-first, without the batch axis where its input had none; zero beyond a
/// row's end. The reverse direction of a layer stands after its forward one, in the order of time.
public struct Recording: Sendable {
  /// In the order asked for.
  public let names: [String]
  private let values: [Tensor]

  init(names: [String], values: [Tensor]) {
    self.names = names
    self.values = values
  }

  public subscript(name: String) -> Tensor {
    guard let index = names.firstIndex(of: name) else {
      preconditionFailure("The recording has \(names.joined(separator: ", ")), not \(name)")
    }
    return values[index]
  }

  func map(_ transform: (Tensor) -> Tensor) -> Recording {
    Recording(names: names, values: values.map(transform))
  }
}
