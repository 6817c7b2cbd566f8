/// Numbers as colours, in so many levels: the same numbers give the same colours, whatever is drawn
/// beside them, where they are all within 0 … 1 or −1 … 1.
struct ColorScale: Sendable {
  /// The values of the first colour and the last.
  let lower: Double
  let upper: Double
  /// Of each level, `#rrggbb`.
  let colors: [String]

  /// Odd, so that 0 has a level of its own in the middle of a scale with two sides.
  private static let levelCount = 33

  /// A scale that holds all finite values: from 0 where none is negative, else with 0 in its middle.
  init(holding values: some Sequence<Float>) {
    var (low, high) = (0.0, 0.0)
    for value in values where value.isFinite {
      low = min(low, Double(value))
      high = max(high, Double(value))
    }
    let reach = max(-low, high)
    let bound = reach <= 1 ? 1 : ValueAxis(holding: [0, reach], tickCount: 4).upper
    (lower, upper) = (low < 0 ? -bound : 0, bound)
    let stops = low < 0 ? Self.twoSided : Self.oneSided
    colors = (0..<Self.levelCount).map {
      Self.color(at: Double($0) / Double(Self.levelCount - 1), of: stops)
    }
  }

  /// The level of a value; what lies outside has the nearest.
  func level(of value: Double) -> Int {
    guard !value.isNaN else { return colors.count / 2 }
    let part = (value - lower) / (upper - lower)
    return Int((min(max(part, 0), 1) * Double(colors.count - 1)).rounded())
  }

  /// Viridis, by van der Walt and Smith (2015): as light as it is large, for every eye.
  private static let oneSided: [(Double, Double, Double)] = [
    (68, 1, 84), (71, 44, 122), (59, 81, 139), (44, 113, 142), (33, 144, 141), (39, 173, 129),
    (92, 200, 99), (170, 220, 50), (253, 231, 37),
  ]
  /// Blue, nearly white, orange.
  private static let twoSided: [(Double, Double, Double)] = [
    (8, 48, 107), (33, 102, 172), (103, 169, 207), (209, 229, 240), (247, 247, 247),
    (253, 224, 200), (244, 165, 90), (205, 95, 20), (127, 39, 4),
  ]

  private static func color(at part: Double, of stops: [(Double, Double, Double)]) -> String {
    let place = part * Double(stops.count - 1)
    let first = min(Int(place), stops.count - 2)
    let rest = place - Double(first)
    let (a, b) = (stops[first], stops[first + 1])
    let channels = [(a.0, b.0), (a.1, b.1), (a.2, b.2)].map {
      Int(($0 + ($1 - $0) * rest).rounded())
    }
    return "#"
      + channels.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
