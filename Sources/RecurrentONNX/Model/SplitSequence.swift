import RecurrentCore

/// What `SplitToSequence` makes: the parts of a tensor along an axis, of which `SequenceAt` takes one.
///
/// PyTorch's exporter writes the two for the states of a stack of layers. Values are tensors here, so a
/// sequence is never made: it stands for its tensor until a part of it is taken.
struct SplitSequence: Sendable {
  /// The tensor and, if it is given, how it is cut.
  let inputs: [Source]
  private let axis: Int
  private let keepsAxis: Bool

  static let maker = "SplitToSequence"
  static let taker = "SequenceAt"

  /// The two are known; what they do is done where names are given their meaning.
  static let operators: [Operator] = [
    Operator(maker, inputs: 1...2, since: 11) { _ in { _ in [] } },
    Operator(taker, inputs: 2...2, since: 11) { _ in
      { _ in throw Fault("a part is taken of a sequence") }
    },
  ]

  init(_ node: NodeReader, _ inputs: [Source]) throws {
    self.inputs = inputs.count == 2 ? inputs : inputs + [.missing]
    axis = try node.integer("axis") ?? 0
    keepsAxis = try node.flag("keepdims", default: true)
  }

  /// Takes a part: given the tensor, how it is cut, and which part.
  func part(_ call: Call) throws -> [OnnxValue] {
    let value = try call.value(0)
    let place = try resolve(axis: axis, rank: value.shape.count)
    let length = value.shape[place]
    let sizes: [Int]
    if let given = call[1] {
      let numbers = try call.integers(1)
      guard numbers.allSatisfy({ $0 >= 0 && $0 <= length }) else {
        throw Fault("sizes \(numbers) are not those of parts of \(length)")
      }
      if given.shape.isEmpty {
        // Equal parts of this size; what is left is the last one.
        guard numbers[0] > 0 else { throw Fault("parts of size 0") }
        sizes = stride(from: 0, to: length, by: numbers[0]).map { min(numbers[0], length - $0) }
      } else {
        sizes = numbers
      }
    } else {
      sizes = [Int](repeating: 1, count: length)
    }
    guard sizes.reduce(0, +) == length else {
      throw Fault("sizes \(sizes) do not add up to \(length)")
    }
    let index = try call.integer(2)
    guard index >= -sizes.count, index < sizes.count else {
      throw Fault("part \(index) is not one of \(sizes.count)")
    }
    let which = index < 0 ? index + sizes.count : index
    let start = sizes[..<which].reduce(0, +)
    let part = Moves.part(value, axis: place, start..<start + sizes[which])
    // Only parts of one place lose their axis, and only where sizes were not given.
    guard !keepsAxis, call[1] == nil else { return [part] }
    var shape = part.shape
    shape.remove(at: place)
    return [part.reshaped(shape)]
  }
}
