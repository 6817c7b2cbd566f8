/// A band that should hold a given part of what happens.
public struct PredictionInterval: Sendable, Hashable {
  /// Percent of the values that should lie within, as 90.
  public var level: Double
  public var lower: [Double]
  public var upper: [Double]

  public init(level: Double, lower: [Double], upper: [Double]) {
    precondition(level > 0 && level < 100, "an interval of \(level) %")
    self.level = level
    self.lower = lower
    self.upper = upper
  }

  /// The level in names and titles, as `90` or `97.5`.
  public static func label(_ level: Double) -> String {
    level == level.rounded() ? String(Int(level)) : level.description
  }

  /// The names of the columns of its bounds, as `lstm-lo-90` and `lstm-hi-90`.
  static func columns(of method: String, level: Double) -> [String] {
    ["lo", "hi"].map { "\(method)-\($0)-\(label(level))" }
  }

  /// The band over some of its steps.
  func part(_ steps: Range<Int>) -> PredictionInterval {
    PredictionInterval(level: level, lower: Array(lower[steps]), upper: Array(upper[steps]))
  }
}

extension Sequence<PredictionInterval> {
  /// The percent that there are, ascending.
  var levels: [Double] { Set(map(\.level)).sorted() }
}
