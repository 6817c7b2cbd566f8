import RecurrentCore
import RecurrentFormats

/// Einstein's sum, `bij,bjk->bik`: for each operand a letter for each axis; letters that are not in the
/// result are summed over. `...` stands for axes in front that repeat as in arithmetic.
struct Einsum: Sendable {
  /// Letters, with nil for the place of `...`.
  private let operands: [[Character?]]
  /// Nil where the equation does not say: then the letters that come once, in order.
  private let result: [Character?]?

  /// - Throws: ``Fault`` where the text is no equation.
  init(_ equation: String) throws {
    let text = equation.filter { $0 != " " }
    var sides: [Substring] = []
    if let arrow = text.firstRange(of: "->") {
      sides = [text[..<arrow.lowerBound], text[arrow.upperBound...]]
    } else {
      sides = [text[...]]
    }
    func letters(_ term: Substring) throws -> [Character?] {
      var letters: [Character?] = []
      var rest = term
      while let next = rest.first {
        if rest.hasPrefix("...") {
          rest.removeFirst(3)
          letters.append(nil)
        } else {
          guard next.isASCII, next.isLetter else {
            throw Fault("\(quotedForMessage(equation)) is not an equation of letters")
          }
          letters.append(next)
          rest.removeFirst()
        }
      }
      guard letters.count(where: { $0 == nil }) <= 1, letters.count <= 52 else {
        throw Fault("\(quotedForMessage(equation)) is not an equation of letters")
      }
      return letters
    }
    operands = try sides[0].split(separator: ",", omittingEmptySubsequences: false).map(letters)
    result = try sides.count > 1 ? letters(sides[1]) : nil
  }

  /// An axis: a letter, or one of those that `...` stands for, counted from the last.
  private enum Axis: Hashable {
    case letter(Character)
    case repeated(Int)
  }

  /// A tensor whose axes have names, each once.
  private struct Named {
    var tensor: Tensor
    var axes: [Axis]

    func size(_ axis: Axis) -> Int { tensor.shape[axes.firstIndex(of: axis)!] }

    /// Sums over axes that nobody asks for any more.
    func keeping(_ wanted: Set<Axis>) -> Named {
      var result = self
      for (place, axis) in axes.enumerated().reversed() where !wanted.contains(axis) {
        result.tensor =
          result.tensor.count == 0
          ? Tensor.zeros(
            result.tensor.shape.enumerated().filter { $0.offset != place }.map(\.element),
            on: tensor.context)
          : result.tensor.sum(axis: place)
        result.axes.remove(at: place)
      }
      return result
    }

    func ordered(_ order: [Axis]) -> Tensor {
      let places = order.map { axes.firstIndex(of: $0)! }
      return places == Array(places.indices) || tensor.count == 0
        ? tensor.reshaped(places.map { tensor.shape[$0] }) : tensor.transposed(places)
    }
  }

  func callAsFunction(_ tensors: [Tensor], _ call: Call) throws -> Tensor {
    guard tensors.count == operands.count else {
      throw Fault("the equation has \(operands.count) operands, found \(tensors.count)")
    }
    var sizes: [Axis: Int] = [:]
    var counts: [Character: Int] = [:]
    var repeatedRank = 0
    let axes = try zip(operands, tensors).map { letters, tensor -> [Axis] in
      let extra = tensor.shape.count - (letters.count - letters.count { $0 == nil })
      guard extra >= 0, extra == 0 || letters.contains(nil) else {
        throw Fault("the equation does not fit an operand \(tensor.shape)")
      }
      if letters.contains(nil) { repeatedRank = max(repeatedRank, extra) }
      let axes = letters.flatMap { letter -> [Axis] in
        guard let letter else { return (0..<extra).reversed().map { .repeated($0) } }
        counts[letter, default: 0] += 1
        return [.letter(letter)]
      }
      for (axis, size) in zip(axes, tensor.shape) {
        let known = sizes[axis] ?? 1
        guard known == 1 || size == 1 || known == size else {
          throw Fault("an axis of the equation is of size \(known) and of size \(size)")
        }
        sizes[axis] = known == 1 ? size : known
      }
      return axes
    }
    let repeated = (0..<repeatedRank).reversed().map { Axis.repeated($0) }
    let wanted =
      result?.flatMap { letter in letter.map { [Axis.letter($0)] } ?? repeated }
      ?? repeated + counts.filter { $0.value == 1 }.keys.sorted().map { Axis.letter($0) }
    guard Set(wanted).count == wanted.count, wanted.allSatisfy({ sizes[$0] != nil }) else {
      throw Fault("the result of the equation has a letter twice, or one that no operand has")
    }
    try call.check(wanted.map { sizes[$0]! })

    var named = try zip(tensors, axes).map { try diagonal($0, $1, sizes, call) }
    var product = named.removeFirst()
    while !named.isEmpty {
      let next = named.removeFirst()
      let later = Set(wanted).union(named.flatMap(\.axes))
      product = try multiplied(product, next, later: later, call)
    }
    return product.keeping(Set(wanted)).ordered(wanted)
  }

  /// An operand with each axis once, and of its full size where it repeats.
  private func diagonal(
    _ tensor: Tensor, _ axes: [Axis], _ sizes: [Axis: Int], _ call: Call
  ) throws -> Named {
    var order: [Axis] = []
    for axis in axes where !order.contains(axis) { order.append(axis) }
    let shape = order.map { sizes[$0]! }
    if order == axes, shape == tensor.shape { return Named(tensor: tensor, axes: axes) }
    try call.check(shape)
    let own = strides(of: tensor.shape)
    let steps = order.map { axis in
      axes.indices.filter { axes[$0] == axis }
        .reduce(0) { $0 + (tensor.shape[$1] == 1 ? 0 : own[$1]) }
    }
    let value = OnnxValue.float32(tensor).picking(places(shape, strides: steps), shape: shape)
    guard case .float32(let picked) = value else { return Named(tensor: tensor, axes: axes) }
    return Named(tensor: picked, axes: order)
  }

  /// The product of two, summed over what neither the result nor a later operand has.
  private func multiplied(
    _ a: Named, _ b: Named, later: Set<Axis>, _ call: Call
  ) throws -> Named {
    let left = a.keeping(later.union(b.axes))
    let right = b.keeping(later.union(a.axes))
    let shared = left.axes.filter { right.axes.contains($0) }
    let (batch, summed) = (
      shared.filter { later.contains($0) }, shared.filter { !later.contains($0) }
    )
    let rows = left.axes.filter { !shared.contains($0) }
    let columns = right.axes.filter { !shared.contains($0) }
    let shape = (batch + rows).map(left.size) + columns.map(right.size)
    try call.check(shape)
    func count(_ named: Named, _ axes: [Axis]) -> Int { axes.reduce(1) { $0 * named.size($1) } }
    let (stack, height, depth) = (count(left, batch), count(left, rows), count(left, summed))
    let width = count(right, columns)
    if shape.contains(0) || depth == 0 {
      return Named(tensor: Tensor.zeros(shape, on: call.context), axes: batch + rows + columns)
    }
    let x = left.ordered(batch + rows + summed).reshaped([stack, height, depth])
    let y = right.ordered(batch + summed + columns).reshaped([stack, depth, width])
    return Named(tensor: matmul(x, y).reshaped(shape), axes: batch + rows + columns)
  }
}
