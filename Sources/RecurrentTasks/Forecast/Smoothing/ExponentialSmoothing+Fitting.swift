#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension ExponentialSmoothing {
  /// The parameters whose forecasts 1 to `horizon` steps ahead have the least mean squared error over
  /// the second half of the series: the best of a grid, refined three times around the best so far.
  ///
  /// - Parameters:
  ///   - values: NaN where missing.
  ///   - season: 1 for none; otherwise the values hold two of them at least.
  ///   - isMultiplicative: Whether the season is multiplied, for values that are positive.
  init(
    fitting values: [Double], season: Int, isMultiplicative: Bool = false, trend: Trend,
    horizon: Int
  ) {
    let start = State(
      startOf: values, season: season, isMultiplicative: isMultiplicative,
      hasSlope: trend != .none)
    let count = values.count
    let first = min(max(season > 1 ? 2 * season : 3, count / 2), max(count - 1, 1))
    let origins = (first..<max(count, first)).thinned(to: 100)
    var search = SmoothingSearch(season: season, trend: trend)
    while let candidates = search.nextRound() {
      for place in stride(from: 0, to: candidates.count, by: SmoothingLanes.Lanes.scalarCount) {
        // The last lanes repeat the last candidate.
        func lanes(_ parameter: (SmoothingSearch.Point) -> Double) -> SmoothingLanes.Lanes {
          var lanes = SmoothingLanes.Lanes.zero
          for lane in lanes.indices {
            lanes[lane] = parameter(candidates[min(place + lane, candidates.count - 1)])
          }
          return lanes
        }
        let smoothing = SmoothingLanes(
          alpha: lanes(\.alpha), beta: lanes(\.beta), gamma: lanes(\.gamma), phi: lanes(\.phi),
          isMultiplicative: isMultiplicative, start: start, horizon: horizon)
        let costs = smoothing.squaredErrors(of: values, origins: origins, below: search.leastCost)
        for lane in costs.indices where place + lane < candidates.count {
          search.report(candidates[place + lane], cost: costs[lane])
        }
      }
    }
    let best = search.best
    self.init(
      trend: trend, alpha: best.alpha, beta: best.beta, gamma: best.gamma, phi: best.phi,
      isMultiplicative: isMultiplicative, start: start)
  }
}

extension SmoothingLanes {
  /// The sum of the squared errors of the forecasts from before each origin; more than the limit
  /// where it is sure to exceed it.
  fileprivate consuming func squaredErrors(
    of values: [Double], origins: [Int], below limit: Double
  ) -> Lanes {
    var lanes = self
    var sum = Lanes.zero
    var time = 0
    for origin in origins {
      while time < origin {
        lanes.observe(values[time])
        time += 1
      }
      lanes.forEachForecast { step, forecast in
        let place = origin + step
        guard place < values.count, !values[place].isNaN else { return }
        let error = forecast - values[place]
        sum += error * error
      }
      // Sums only grow.
      if all(sum .>= Lanes(repeating: limit)) { break }
    }
    return sum
  }
}

/// What has been tried and what to try next.
private struct SmoothingSearch {
  /// Parameters as shares, each between 0 and 1, so that every point is a stable model.
  struct Point {
    var alpha: Double
    /// β/α.
    var slopeShare: Double
    /// γ/(1 − α).
    var seasonShare: Double
    var phi: Double

    var beta: Double { alpha * slopeShare }
    var gamma: Double { (1 - alpha) * seasonShare }
  }

  let season: Int
  let trend: ExponentialSmoothing.Trend
  private(set) var best: Point
  private(set) var leastCost = Double.infinity
  private var round = 0

  init(season: Int, trend: ExponentialSmoothing.Trend) {
    self.season = season
    self.trend = trend
    best = Point(alpha: 0, slopeShare: 0, seasonShare: 0, phi: 1)
    best = grid[0]
  }

  mutating func report(_ point: Point, cost: Double) {
    if cost < leastCost {
      leastCost = cost
      best = point
    }
  }

  /// The next points to try; nil when the search is over.
  mutating func nextRound() -> [Point]? {
    defer { round += 1 }
    switch round {
    case 0: return grid
    case 1...3: return neighbours(halvings: round - 1)
    default: return nil
    }
  }

  private var grid: [Point] {
    product(
      [0.05, 0.15, 0.3, 0.5, 0.7, 0.9],
      trend != .none ? [0.02, 0.1, 0.3] : [0],
      season > 1 ? [0.001, 0.02, 0.1, 0.3, 0.6] : [0],
      trend == .damped ? [0.8, 0.9, 0.95, 0.98] : [1])
  }

  /// The best point, and it moved up and down along each axis, in log-odds.
  private func neighbours(halvings: Int) -> [Point] {
    let scale = 1 / Double(1 << halvings)
    func around(_ share: Double, _ width: Double) -> [Double] {
      let share = min(max(share, 0.001), 0.999)
      let odds = log(share) - log(1 - share)
      return [-width, 0, width].map { 1 / (1 + exp(-(odds + $0 * scale))) }
    }
    return product(
      around(best.alpha, 0.4),
      trend != .none ? around(best.slopeShare, 0.6) : [0],
      season > 1 ? around(best.seasonShare, 0.6) : [0],
      trend == .damped ? around(best.phi, 0.5).map { min(max($0, 0.8), 0.98) } : [1])
  }

  private func product(
    _ alphas: [Double], _ slopeShares: [Double], _ seasonShares: [Double], _ phis: [Double]
  ) -> [Point] {
    alphas.flatMap { alpha in
      slopeShares.flatMap { slopeShare in
        seasonShares.flatMap { seasonShare in
          phis.map {
            Point(alpha: alpha, slopeShare: slopeShare, seasonShare: seasonShare, phi: $0)
          }
        }
      }
    }
  }
}

extension Range<Int> {
  /// All of the numbers, or as many of them as there may be, evenly spread with both ends.
  func thinned(to limit: Int) -> [Int] {
    guard count > limit, limit > 1 else { return Array(prefix(limit)) }
    let step = Double(count - 1) / Double(limit - 1)
    return (0..<limit).map {
      lowerBound + ($0 == limit - 1 ? count - 1 : Int(Double($0) * step))
    }
  }
}
