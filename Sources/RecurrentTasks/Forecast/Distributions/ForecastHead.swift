import RecurrentCore
import RecurrentLayers

/// What the numbers that a network gives for a step mean: the distribution of the value there.
///
/// The first number is about the middle and the others about the spread. Of all heads zeros mean the
/// frame itself: the middle at the location, and a spread with which the mean distance from it is the
/// scale. All but the negative binomial speak of z, where a value is y = location + scale · z.
public enum ForecastHead: String, Sendable, Hashable, CaseIterable {
  /// The median, and the distances to the bounds of each level: how far below it, then how far above,
  /// each the softplus of a number more than that of the level before. No form is assumed.
  case quantiles
  /// Mean and deviation.
  case gaussian
  /// Centre, scale, and degrees of freedom above 2: for errors that are sometimes very large.
  case studentT = "student-t"
  /// For counts: mean and dispersion of y itself. Its bounds are whole numbers, and none is below 0.
  case negativeBinomial = "negative-binomial"

  /// Numbers of a step.
  ///
  /// - Parameter levels: How many bands are asked for.
  package func outputs(levels: Int) -> Int {
    switch self {
    case .quantiles: 1 + 2 * levels
    case .gaussian, .negativeBinomial: 2
    case .studentT: 3
    }
  }

  // MARK: Training

  /// What a network is trained to make small: the pinball losses of the median, twice, and of all
  /// bounds for the quantiles, the negative log-likelihood for a distribution.
  ///
  /// - Parameters:
  ///   - raw: [rows, horizon, outputs]
  ///   - targets: z, [rows, horizon]. In z, since a Float holds little of a small change of a large y.
  ///   - weights: [rows, horizon], 0 where there is no target; nothing is looked at there.
  ///   - frame: [rows, horizon] each; only the negative binomial asks for it.
  ///   - levels: Percent that each band should hold, ascending; only the quantiles ask for them.
  /// - Returns: One number, a mean over what weighs.
  package func loss(
    _ raw: Tensor, targets: Tensor, weights: Tensor, frame: ForecastFrame<Tensor>,
    levels: [Double]
  ) -> Tensor {
    check(raw, levels)
    switch self {
    case .quantiles:
      let median = raw.slice(axis: 2, range: 0..<1)
      let (below, above) = Self.distances(raw, levels)
      let quantiles =
        [0.5, 0.5] + levels.map { 0.5 - $0 / 200 } + levels.map { 0.5 + $0 / 200 }
      return pinballLoss(
        concatenated([median, median, median - below, median + above], alongAxis: 2), targets,
        quantiles: quantiles.map { Float($0) }, weights: weights) * Float(quantiles.count)
    case .gaussian:
      let (mean, scale) = Self.normal(raw)
      return gaussianNLL(mean: mean, scale: scale, targets: targets, weights: weights)
    case .studentT:
      let (centre, scale, degreesOfFreedom) = Self.studentT(raw)
      return studentTNLL(
        degreesOfFreedom: degreesOfFreedom, mean: centre, scale: scale, targets: targets,
        weights: weights)
    case .negativeBinomial:
      // What a frame holds where nothing weighs must not come near a gradient.
      let one = Tensor(scalar: 1, on: raw.context)
      let frame = ForecastFrame(
        location: select(where: weights, frame.location, one),
        scale: select(where: weights, frame.scale, one))
      let (mean, dispersion) = Self.negativeBinomial(raw, frame)
      let counts = maximum(frame.location + frame.scale * targets, 0)
      return negativeBinomialNLL(
        mean: mean, dispersion: dispersion, targets: counts, weights: weights)
    }
  }

  // MARK: Forecasting

  /// The median of y and the bounds of each level.
  ///
  /// - Parameters:
  ///   - raw: [rows, horizon, outputs]
  ///   - frame: rows · horizon numbers each.
  ///   - levels: Percent that each band should hold, ascending; for the quantiles those of the
  ///     training.
  package func bounds(
    _ raw: Tensor, frame: ForecastFrame<[Double]>, levels: [Double]
  ) -> ForecastBounds {
    check(raw, levels)
    precondition(
      frame.location.count == raw.shape[0] * raw.shape[1]
        && frame.scale.count == frame.location.count,
      """
      A head's numbers \(raw.shape) need a frame of \(raw.shape[0] * raw.shape[1]), found \
      \(frame.location.count) and \(frame.scale.count)
      """)
    switch self {
    case .quantiles:
      let (below, above) = Self.distances(raw, levels)
      let (lowest, highest) = (Self.doubles(below), Self.doubles(above))
      return placed(Self.doubles(Self.number(0, of: raw)), frame, levels) { place, level in
        let index = place * levels.count + level
        return (lowest[index], highest[index])
      }
    case .gaussian:
      let (mean, scale) = Self.normal(raw)
      let scales = Self.doubles(scale)
      let sizes = levels.map { NormalDistribution.quantile(0.5 + $0 / 200) }
      return placed(Self.doubles(mean), frame, levels) { place, level in
        (scales[place] * sizes[level], scales[place] * sizes[level])
      }
    case .studentT:
      let (centre, scale, degreesOfFreedom) = Self.studentT(raw)
      let scales = Self.doubles(scale)
      let distributions = Self.doubles(degreesOfFreedom).map {
        StudentTDistribution(degreesOfFreedom: $0)
      }
      return placed(Self.doubles(centre), frame, levels) { place, level in
        let size = scales[place] * distributions[place].quantile(0.5 + levels[level] / 200)
        return (size, size)
      }
    case .negativeBinomial:
      let shape = [raw.shape[0], raw.shape[1]]
      func tensor(_ numbers: [Double]) -> Tensor {
        Tensor(numbers.map { Float($0) }, shape: shape, on: raw.context)
      }
      let (mean, dispersion) = Self.negativeBinomial(
        raw, ForecastFrame(location: tensor(frame.location), scale: tensor(frame.scale)))
      let asked =
        levels.reversed().map { 0.5 - $0 / 200 } + [0.5] + levels.map { 0.5 + $0 / 200 }
      let columns = zip(Self.doubles(mean), Self.doubles(dispersion)).map {
        NegativeBinomialDistribution(mean: $0, dispersion: $1).quantiles(asked)
      }
      func row(_ index: Int) -> [Double] { columns.map { Double($0[index]) } }
      let middle = levels.count
      return ForecastBounds(
        centre: row(middle), lower: levels.indices.map { row(middle - 1 - $0) },
        upper: levels.indices.map { row(middle + 1 + $0) })
    }
  }

  /// Bounds given by their distances from the centre, in units of the frame's scale.
  private func placed(
    _ z: [Double], _ frame: ForecastFrame<[Double]>, _ levels: [Double],
    _ distances: (_ place: Int, _ level: Int) -> (below: Double, above: Double)
  ) -> ForecastBounds {
    let centre = z.indices.map { frame.location[$0] + frame.scale[$0] * z[$0] }
    var lower = [[Double]](repeating: centre, count: levels.count)
    var upper = lower
    for level in levels.indices {
      for place in centre.indices {
        let (below, above) = distances(place, level)
        lower[level][place] -= frame.scale[place] * below
        upper[level][place] += frame.scale[place] * above
      }
    }
    return ForecastBounds(centre: centre, lower: lower, upper: upper)
  }

  // MARK: What the numbers mean

  /// What is added before the softplus of each level's width: they begin as the increments of the
  /// normal distribution whose mean distance from the middle is 1.
  package static func widthOffsets(_ levels: [Double]) -> [Float] {
    var previous = 0.0
    return levels.map { level in
      let distance = deviation * NormalDistribution.quantile(0.5 + level / 200)
      defer { previous = distance }
      return Float(inverseSoftplus(distance - previous))
    }
  }

  /// [rows, horizon, levels] each.
  private static func distances(
    _ raw: Tensor, _ levels: [Double]
  ) -> (below: Tensor, above: Tensor) {
    let offsets = widthOffsets(levels)
    let count = levels.count
    let widths = softplus(
      raw.slice(axis: 2, range: 1..<1 + 2 * count)
        + Tensor(offsets + offsets, shape: [2 * count], on: raw.context))
    return (
      widths.slice(axis: 2, range: 0..<count).cumulativeSum(axis: 2),
      widths.slice(axis: 2, range: count..<2 * count).cumulativeSum(axis: 2)
    )
  }

  /// [rows, horizon] each.
  private static func normal(_ raw: Tensor) -> (mean: Tensor, scale: Tensor) {
    (number(0, of: raw), scale(number(1, of: raw), start: deviation))
  }

  private static func studentT(
    _ raw: Tensor
  ) -> (centre: Tensor, scale: Tensor, degreesOfFreedom: Tensor) {
    // Above 2 there is a variance. Of 10 the tails are already heavier than a normal's, and a
    // factor e takes them to 5 or to 24.
    let degreesOfFreedom = 2 + 8 * exp(bounded(number(2, of: raw), 7))
    // The mean distance of ten degrees of freedom is 35 √10 / 128.
    let start = 128 / (35 * 10.0.squareRoot())
    return (number(0, of: raw), scale(number(1, of: raw), start: start), degreesOfFreedom)
  }

  /// The mean is a multiple of the location, where that is more than a tenth of the scale; the
  /// dispersion begins with the deviation of the other heads, within bounds.
  private static func negativeBinomial(
    _ raw: Tensor, _ frame: ForecastFrame<Tensor>
  ) -> (mean: Tensor, dispersion: Tensor) {
    let location = maximum(maximum(frame.location, frame.scale * 0.1), 1e-6)
    let variance = square(frame.scale * Float(deviation))
    let start = minimum(maximum((variance - location) / square(location), 0.01), 10)
    let offset = log(exp(start) - 1)
    return (
      location * exp(bounded(number(0, of: raw), 10)), softplus(number(1, of: raw) + offset)
    )
  }

  /// The softplus of a number, and a little: a likelihood knows no end where every target is met.
  private static func scale(_ raw: Tensor, start: Double) -> Tensor {
    let least = 0.01
    return softplus(raw + Float(inverseSoftplus(start - least))) + Float(least)
  }

  private static func bounded(_ raw: Tensor, _ limit: Float) -> Tensor {
    minimum(maximum(raw, -limit), limit)
  }

  /// The deviation of a normal distribution whose mean distance from the middle is 1: √(π/2).
  private static let deviation = 1.2533

  private static func number(_ index: Int, of raw: Tensor) -> Tensor {
    raw.slice(axis: 2, range: index..<index + 1).reshaped([raw.shape[0], raw.shape[1]])
  }

  private static func doubles(_ tensor: Tensor) -> [Double] {
    tensor.elements.map { Double($0) }
  }

  private func check(_ raw: Tensor, _ levels: [Double]) {
    precondition(
      raw.shape.count == 3 && raw.shape[2] == outputs(levels: levels.count),
      """
      The head \(rawValue) expected [rows, horizon, \(outputs(levels: levels.count))], found \
      \(raw.shape)
      """)
    precondition(
      levels.allSatisfy { $0 > 0 && $0 < 100 } && zip(levels, levels.dropFirst()).allSatisfy(<=),
      "Levels are ascending percentages, found \(levels)")
  }
}

extension ForecastHead {
  /// What a network says, in units of the base's errors, where it counts for a part only: the centre is
  /// that part of the way from the base's forecast to its own. The bounds go with it, but those of
  /// counts, which end at 0 and at whole numbers: the centre is between them wherever it is.
  func blended(_ answers: ForecastBounds, part: Double) -> ForecastBounds {
    let shifts = answers.centre.map { (part - 1) * $0 }
    guard self == .negativeBinomial else { return answers.shifted(by: shifts) }
    let centre = zip(answers.centre, shifts).map(+)
    return ForecastBounds(
      centre: centre, lower: answers.lower.map { zip($0, centre).map(min) },
      upper: answers.upper.map { zip($0, centre).map(max) })
  }
}

/// The median and the bounds of the levels for some places, rows · horizon of each.
package struct ForecastBounds: Sendable, Hashable {
  package var centre: [Double]
  /// [levels][places]
  package var lower: [[Double]]
  package var upper: [[Double]]

  package init(centre: [Double], lower: [[Double]], upper: [[Double]]) {
    self.centre = centre
    self.lower = lower
    self.upper = upper
  }
}

extension ForecastBounds {
  /// The same distances around centres that lie elsewhere.
  func shifted(by distances: [Double]) -> ForecastBounds {
    func shifted(_ values: [Double]) -> [Double] { zip(values, distances).map(+) }
    return ForecastBounds(
      centre: shifted(centre), lower: lower.map(shifted), upper: upper.map(shifted))
  }
}
