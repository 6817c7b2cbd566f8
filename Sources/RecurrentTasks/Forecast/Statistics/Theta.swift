#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The theta method in its dynamic, optimised form (Fiorucci, Pellegrini, Louzada, Petropoulos &
/// Koehler 2016): smoothing and the line through all values so far, weighed against each other.
///
/// With y_1, y_2, … without their season, A_t + B_t · s the line of least squares through y_1 … y_t, α
/// and w = 1 − 1/θ:
///
///     ℓ_t     = α y_t + (1 − α) ℓ_{t−1}
///     ŷ_{t+1} = ℓ_t + w [ (1 − α)^t A_t + (1 − (1 − α)^{t+1})/α · B_t ]
///
/// and further steps by taking each forecast for the value. ℓ_0, α (0.1 to 0.99) and w (0 to 1) are
/// those of the least squared error of ŷ_4, ŷ_5, … θ = 2 and a fixed line are the method of
/// Assimakopoulos & Nikolopoulos (2000), which won the M3 competition. Season as for ``Naive2``. A
/// missing value counts as the last one before it, without its season.
package struct Theta: Sendable, Hashable {
  /// α.
  package let alpha: Double
  /// w.
  package let weight: Double
  /// ℓ_0.
  package let level: Double
  let adjustment: SeasonalAdjustment

  /// θ, infinite where the line counts in full.
  package var theta: Double { 1 / (1 - weight) }

  /// A method of known parameters, without a season.
  package init(alpha: Double, theta: Double, level: Double) {
    self.alpha = alpha
    weight = 1 - 1 / theta
    self.level = level
    adjustment = SeasonalAdjustment([], season: 1)
  }

  /// Fewer than four values are continued from the last one, as good as.
  ///
  /// - Parameters:
  ///   - values: NaN where missing.
  ///   - season: 1 for none.
  /// - Returns: nil if all values are missing.
  package init?(fitting values: [Double], season: Int) {
    precondition(season >= 1, "a season of \(season)")
    let values = values.map { $0.isFinite ? $0 : .nan }
    guard let first = values.firstIndex(where: { !$0.isNaN }) else { return nil }
    adjustment = SeasonalAdjustment(values, season: season)
    let adjustment = adjustment
    let adjusted = values.indices.map { adjustment.adjusted(values[$0], at: $0) }
    let (least, most) = (adjusted[first...].min()!, adjusted[first...].max()!)
    guard values.count - first > 3, most > least else {
      (alpha, weight, level) = (0.99, 0, adjusted[first])
      return
    }
    let search = ThetaSearch(adjusted[first...])
    let best = search.best()
    (alpha, weight, level) = (best.alpha, best.weight, best.level)
  }

  /// Forecasts from before each origin, row-major [origins, horizon]: α, w, ℓ_0 and the season stay as
  /// they are, level and line go through the values before the origin. NaN before the first value.
  ///
  /// - Parameters:
  ///   - values: Those it was fitted to, perhaps with more behind them; NaN where missing.
  ///   - origins: Ascending, each 0 … values.count.
  package func forecasts(of values: [Double], origins: [Int], horizon: Int) -> [Double] {
    requireAscending(origins, of: values)
    var result: [Double] = []
    result.reserveCapacity(origins.count * horizon)
    var line = RunningLine()
    var level = level
    var last = Double.nan
    func advance(_ line: inout RunningLine, _ level: inout Double, by value: Double) {
      line.add(value)
      level = alpha * value + (1 - alpha) * level
    }
    var time = 0
    for origin in origins {
      while time < origin {
        if values[time].isFinite { last = adjustment.adjusted(values[time], at: time) }
        if !last.isNaN { advance(&line, &level, by: last) }
        time += 1
      }
      guard !last.isNaN else {
        result += repeatElement(.nan, count: horizon)
        continue
      }
      var (future, ahead) = (line, level)
      for step in 0..<horizon {
        let forecast = ahead + weight * future.share(alpha: alpha)
        advance(&future, &ahead, by: forecast)
        result.append(adjustment.restored(forecast, at: origin + step))
      }
    }
    return result
  }
}

/// The line of least squares through the values so far, at 1, 2, …
private struct RunningLine {
  private(set) var count = 0.0
  private var mean = 0.0
  private var slope = 0.0

  mutating func add(_ value: Double) {
    count += 1
    // From Ȳ and B of one value less.
    if count > 1 { slope = ((count - 2) * slope + 6 * (value - mean) / count) / (count + 1) }
    mean += (value - mean) / count
  }

  /// (1 − α)^t A_t + (1 − (1 − α)^{t+1})/α · B_t.
  ///
  /// - Parameter decay: (1 − α)^t.
  func share(decay: Double, alpha: Double) -> Double {
    decay * (mean - slope * (count + 1) / 2) + (1 - decay * (1 - alpha)) / alpha * slope
  }

  func share(alpha: Double) -> Double { share(decay: pow(1 - alpha, count), alpha: alpha) }
}

/// The parameters of the least squared error. For a given α the forecasts are linear in ℓ_0 and w.
private struct ThetaSearch {
  private let values: [Double]
  private let lines: [RunningLine]
  /// Where ℓ_0 may be: among the values and 0. A large α forgets it so fast that the errors would
  /// hardly tell.
  private let levels: ClosedRange<Double>

  /// - Parameter values: The first is there.
  init(_ values: ArraySlice<Double>) {
    var last = values.first!
    self.values = values.map { value in
      if !value.isNaN { last = value }
      return last
    }
    levels = min(self.values.min()!, 0)...max(self.values.max()!, 0)
    var line = RunningLine()
    lines = self.values.map { value in
      line.add(value)
      return line
    }
  }

  struct Solution {
    var alpha, weight, level: Double
    var cost: Double
  }

  /// Over a grid, then closer to its best place, by golden sections.
  func best() -> Solution {
    let count = 24
    let grid = (0...count).map { solution(alpha: 0.1 + 0.89 * Double($0) / Double(count)) }
    let place = grid.indices.min { (grid[$0].cost, $0) < (grid[$1].cost, $1) }!
    var best = grid[place]
    var (low, high) = (grid[max(place - 1, 0)].alpha, grid[min(place + 1, count)].alpha)
    let golden = (5.0.squareRoot() - 1) / 2
    var left = solution(alpha: high - golden * (high - low))
    var right = solution(alpha: low + golden * (high - low))
    for _ in 0..<24 {
      if left.cost <= right.cost {
        high = right.alpha
        right = left
        left = solution(alpha: high - golden * (high - low))
      } else {
        low = left.alpha
        left = right
        right = solution(alpha: low + golden * (high - low))
      }
      for other in [left, right] where other.cost < best.cost { best = other }
    }
    return best
  }

  private func solution(alpha: Double) -> Solution {
    // Of e = rest − decay · ℓ_0 − share · w, its second moments.
    var (rr, dd, ss, rd, rs, ds) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    var level = 0.0
    var decay = 1.0
    for time in values.indices {
      if time >= 3 {
        let rest = values[time] - level
        let share = lines[time - 1].share(decay: decay, alpha: alpha)
        rr += rest * rest
        dd += decay * decay
        ss += share * share
        rd += rest * decay
        rs += rest * share
        ds += decay * share
      }
      level = alpha * values[time] + (1 - alpha) * level
      decay *= 1 - alpha
    }
    func cost(_ weight: Double, _ level: Double) -> Double {
      rr + weight * (weight * ss - 2 * rs) + level * (level * dd - 2 * rd + 2 * weight * ds)
    }
    func bestLevel(_ weight: Double) -> Double {
      dd > 0 ? levels.clamping((rd - weight * ds) / dd) : levels.lowerBound
    }
    func bestWeight(_ level: Double) -> Double {
      ss > 0 ? (0...1).clamping((rs - level * ds) / ss) : 0
    }
    // The least of all, if it is within the bounds, or of one of their sides.
    var places: [(Double, Double)] = [(0, bestLevel(0)), (1, bestLevel(1))]
    for level in [levels.lowerBound, levels.upperBound] {
      places.append((bestWeight(level), level))
    }
    let determinant = dd * ss - ds * ds
    if determinant > 1e-12 * dd * ss {
      let weight = (rs * dd - rd * ds) / determinant
      let level = (rd * ss - rs * ds) / determinant
      if (0...1).contains(weight), levels.contains(level) { places.append((weight, level)) }
    }
    let found = places.map { weight, level in
      Solution(alpha: alpha, weight: weight, level: level, cost: cost(weight, level))
    }
    return found.min { $0.cost < $1.cost }!
  }
}

extension ClosedRange<Double> {
  fileprivate func clamping(_ value: Double) -> Double {
    Swift.min(Swift.max(value, lowerBound), upperBound)
  }
}
