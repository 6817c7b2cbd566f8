/// How long a vector of a cell is, as its equations say it: the input's size, the hidden size, or a
/// number, possibly with a factor. `Extent.hidden / 4` is a quarter of the hidden size.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  enum Base: String, Hashable, Sendable { case one, input, hidden }

  let base: Base
  let numerator: Int
  let denominator: Int

  private init(_ base: Base, _ numerator: Int, _ denominator: Int) {
    precondition(
      numerator >= 1 && denominator >= 1,
      "The size of a vector is at least 1, found \(numerator)/\(denominator)")
    let divisor = greatestCommonDivisor(numerator, denominator)
    self.base = base
    self.numerator = numerator / divisor
    self.denominator = denominator / divisor
  }

  /// The size of the layer's input.
  public static let input = Extent(.input, 1, 1)
  /// The layer's hidden size.
  public static let hidden = Extent(.hidden, 1, 1)
  public init(_ count: Int) { self.init(.one, count, 1) }
  public init(integerLiteral count: Int) { self.init(count) }

  public static func * (factor: Int, extent: Extent) -> Extent {
    Extent(extent.base, factor * extent.numerator, extent.denominator)
  }
  public static func / (extent: Extent, divisor: Int) -> Extent {
    Extent(extent.base, extent.numerator, divisor * extent.denominator)
  }

  public var description: String {
    if base == .one { return denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
    return (numerator == 1 ? "" : "\(numerator)·") + base.rawValue
      + (denominator == 1 ? "" : "/\(denominator)")
  }

  /// The number it stands for in a layer of these sizes.
  package func resolved(in sizes: CellSizes) throws(CellError) -> Int {
    let whole =
      switch base {
      case .one: 1
      case .input: sizes.input
      case .hidden: sizes.hidden
      }
    guard whole * numerator % denominator == 0 else {
      throw CellError(
        .indivisibleSize,
        "\(base.rawValue) size \(whole) does not divide into \(denominator) equal parts")
    }
    return whole * numerator / denominator
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
  b == 0 ? max(abs(a), 1) : greatestCommonDivisor(b, a % b)
}

/// The sizes a layer gives to its cell.
public struct CellSizes: Hashable, Sendable {
  public var input: Int
  public var hidden: Int
  public init(input: Int, hidden: Int) {
    self.input = input
    self.hidden = hidden
  }
}
