/// A range of values with round numbers to label it by.
struct ValueAxis: Sendable {
  /// The values at the axis' ends.
  let lower: Double
  let upper: Double
  /// The labelled values, ascending, and their labels.
  let ticks: [(value: Double, label: String)]

  /// An axis that holds all finite values, with about so many ticks.
  init(holding values: some Sequence<Double>, tickCount: Int) {
    var low = Double.infinity
    var high = -Double.infinity
    for value in values where value.isFinite {
      low = min(low, value)
      high = max(high, value)
    }
    if low > high { (low, high) = (0, 1) }
    // Values that all lie above zero and not far from it are seen in proportion from zero.
    if low > 0, low < 0.35 * high { low = 0 }
    if low == high {
      let margin = low == 0 ? 1 : abs(low) * 0.1
      (low, high) = (low - margin, high + margin)
    }
    let step = Self.roundStep((high - low) / Double(max(1, tickCount)))
    // A range too wide or too narrow for Double to count in is labelled at its ends.
    guard let step, (low / step).magnitude < 1e12, (high / step).magnitude < 1e12 else {
      (lower, upper) = (low, high)
      ticks = [low, high].map { ($0, significant($0, 3)) }
      return
    }
    // The ends are round numbers where that wastes little of the drawing.
    let range = high - low
    let roundLow = (low / step).rounded(.down) * step
    let roundHigh = (high / step).rounded(.up) * step
    lower = low - roundLow <= 0.12 * range ? roundLow : low - 0.04 * range
    upper = roundHigh - high <= 0.12 * range ? roundHigh : high + 0.04 * range
    let first = (lower / step - 1e-9).rounded(.up)
    let last = (upper / step + 1e-9).rounded(.down)
    ticks = stride(from: first, through: last, by: 1).map {
      ($0 * step, Self.label($0 * step, step: step, largest: max(abs(low), abs(high))))
    }
  }

  /// How far up the axis a value lies, from 0 at its lower end to 1 at its upper.
  func fraction(of value: Double) -> Double {
    // Halves, as the whole range may be more than Double holds.
    let part = (value / 2 - lower / 2) / (upper / 2 - lower / 2)
    return part.isFinite ? min(max(part, 0), 1) : 0.5
  }

  /// 1, 2 or 5 times a power of ten, not below a positive number.
  private static func roundStep(_ least: Double) -> Double? {
    guard least.isFinite, least > 1e-290 else { return nil }
    let exponent = decimalExponent(least)
    // Dividing by an exact power of ten gives the Double nearest to 0.05, multiplying does not.
    for factor in [1.0, 2, 5, 10] {
      let step =
        exponent < 0 ? factor / powerOfTen(-exponent) : factor * powerOfTen(exponent)
      if step >= least { return step }
    }
    return nil
  }

  private static func label(_ value: Double, step: Double, largest: Double) -> String {
    let (unit, suffix): (Double, String) =
      switch largest {
      case ..<1e-3: (0, "")
      case ..<1e6: (1, "")
      case ..<1e9: (1e6, "M")
      case ..<1e12: (1e9, "B")
      default: (0, "")
      }
    if unit == 0 { return value == 0 ? "0" : significant(value, 3) }
    let decimals = min(9, max(0, -decimalExponent(step / unit * 1.000001)))
    return grouped(fixed(value / unit, decimals)) + suffix
  }

  /// A comma before every three digits ahead of the point.
  private static func grouped(_ text: String) -> String {
    let sign = text.hasPrefix("-") ? "-" : ""
    let parts = text.dropFirst(sign.count).split(separator: ".", maxSplits: 1)
    var whole = ""
    for (index, digit) in parts[0].enumerated() {
      if index > 0, (parts[0].count - index) % 3 == 0 { whole += "," }
      whole.append(digit)
    }
    return sign + whole + (parts.count > 1 ? "." + parts[1] : "")
  }
}
