import RecurrentCore
import RecurrentTasks
import RecurrentTraining
import TestSupport
import Testing

private let levels = [50.0, 80, 95]

/// Counts that are 0 on three days of four: bands of 80 % begin at 0 and hold what they say, though the
/// forecast, between the network's median of 0 and the base's mean, is a fraction.
@Test func rareCountsHaveBandsFromZero() throws {
  var state: UInt64 = 7
  let values = (0..<260).map { _ -> Double in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let draw = Double(state >> 40) / Double(1 << 24)
    return draw < 0.74 ? 0 : draw < 0.963 ? 1 : 2
  }
  var configuration = ForecastConfiguration(
    frequency: "daily", horizon: 7, season: 1, levels: [80], hiddenSize: 5, epochs: 2, members: 1)
  configuration.head = .negativeBinomial
  var journal = try ForecastJournal(job: [:])
  let model = try Forecaster(
    fitting: [ForecastSeries(Array(values[..<200]))], configuration, journal: &journal,
    label: "test")
  var inside = 0
  let expectations = model.forecasts(
    [ForecastSeries(values)], origins: [Array(stride(from: 200, through: 253, by: 7))])[0]
  for (window, expectation) in expectations.enumerated() {
    let band = expectation.intervals[0]
    for step in 0..<7 {
      let value = values[200 + 7 * window + step]
      #expect(band.lower[step] == 0 && band.upper[step] >= expectation.values[step])
      if band.lower[step] <= value, value <= band.upper[step] { inside += 1 }
    }
  }
  #expect(inside >= 42, "\(inside) of 56")
}

@Suite struct ForecastHeadTests {
  /// Frames of rows × horizon, each place with a scale of its own.
  private func frame(_ shape: [Int]) -> ForecastFrame<[Double]> {
    ForecastFrame(
      location: DoubleArray.cosines(shape, phase: 40).values.map { 6 + 5 * $0 },
      scale: DoubleArray.cosines(shape, phase: 50).values.map { Double(Float(2 + $0)) })
  }

  private func tensors(
    _ frame: ForecastFrame<[Double]>, _ shape: [Int]
  ) -> ForecastFrame<Tensor> {
    ForecastFrame(
      location: Tensor(DoubleArray(frame.location, shape: shape)),
      scale: Tensor(DoubleArray(frame.scale, shape: shape)))
  }

  // MARK: What zeros mean

  @Test(arguments: [ForecastHead.quantiles, .gaussian, .studentT])
  func zerosMeanTheFrame(_ head: ForecastHead) {
    let frame = frame([2, 3])
    let bounds = head.bounds(
      .zeros([2, 3, head.outputs(levels: 3)]), frame: frame, levels: levels)
    #expect(bounds.centre == frame.location)
    // scipy.stats.norm.ppf(0.5 + level / 200) · 1.2533; and of t with 10 degrees of freedom, over
    // the mean of |t|, 0.86468530.
    let sizes =
      head == .studentT
      ? [0.80932573, 1.58691682, 2.57682056] : [0.84533800, 1.60616858, 2.45642286]
    for (level, size) in sizes.enumerated() {
      for place in frame.location.indices {
        let (below, above) = (
          frame.location[place] - bounds.lower[level][place],
          bounds.upper[level][place] - frame.location[place]
        )
        #expect(abs(below / frame.scale[place] - size) < 1e-5, "\(head) \(level)")
        #expect(abs(above / frame.scale[place] - size) < 1e-5, "\(head) \(level)")
      }
    }
  }

  @Test func zerosOfCountsMeanTheFrame() {
    // Mean 20 and deviation 1.2533 · 8, whose dispersion is (100.5 − 20) / 400 = 0.2013.
    let frame = ForecastFrame(location: [20, 0, -3.0], scale: [8, 1, 1.0])
    let bounds = ForecastHead.negativeBinomial.bounds(
      .zeros([1, 3, 2]), frame: frame, levels: [80])
    // scipy.stats.nbinom(1 / 0.20132, 1 / (1 + 20 · 0.20132)).ppf([0.1, 0.5, 0.9])
    #expect(bounds.lower[0][0] == 9 && bounds.centre[0] == 19 && bounds.upper[0][0] == 33)
    // No location is too small for counts.
    #expect(bounds.lower[0][1...].allSatisfy { $0 == 0 })
    #expect(bounds.upper[0][1...].allSatisfy { $0 >= 0 && $0 <= 2 })
  }

  @Test(arguments: ForecastHead.allCases)
  func boundsAreNested(_ head: ForecastHead) {
    let shape = [7, 5]
    let raw = wave(shape + [head.outputs(levels: 3)], scale: 4, phase: 3)
    let bounds = head.bounds(raw, frame: frame(shape), levels: levels)
    for place in 0..<35 {
      let column =
        bounds.lower.reversed().map { $0[place] } + [bounds.centre[place]]
        + bounds.upper.map { $0[place] }
      #expect(column == column.sorted())
      #expect(head == .negativeBinomial || Set(column).count == 7)
    }
    if head == .negativeBinomial {
      #expect(bounds.lower.joined().allSatisfy { $0 >= 0 && $0 == $0.rounded() })
    }
  }

  @Test(arguments: ForecastHead.allCases)
  func noBandsAreBandsToo(_ head: ForecastHead) {
    let raw = wave([2, 3, head.outputs(levels: 0)], phase: 3)
    let bounds = head.bounds(raw, frame: frame([2, 3]), levels: [])
    #expect(bounds.centre.count == 6 && bounds.lower.isEmpty && bounds.upper.isEmpty)
    let loss = head.loss(
      raw, targets: wave([2, 3], phase: 1), weights: Tensor(repeating: 1, shape: [2, 3]),
      frame: tensors(frame([2, 3]), [2, 3]), levels: [])
    #expect(loss.scalar.isFinite && loss.scalar > 0)
  }

  // MARK: Losses

  @Test(arguments: ForecastHead.allCases)
  func theLossIsItsPlainVersionAndItsGradientItsFiniteDifferences(_ head: ForecastHead) {
    let shape = [5, 3]
    let frame = frame(shape)
    let raw = DoubleArray.cosines(shape + [head.outputs(levels: 3)], phase: 3)
    let targets = targets(head, frame, shape)
    let weights = DoubleArray.cosines(shape, phase: 20).map { max($0, 0) }
    let (value, gradient) = valueAndGradient(of: Tensor(raw)) { raw in
      head.loss(
        raw, targets: Tensor(targets), weights: Tensor(weights), frame: tensors(frame, shape),
        levels: levels)
    }
    func plain(_ raw: DoubleArray) -> Double {
      var sum = 0.0
      for place in 0..<15 where weights.values[place] > 0 {
        let width = raw.shape[2]
        sum +=
          weights.values[place]
          * plainLoss(
            head, Array(raw.values[place * width..<(place + 1) * width]), targets.values[place],
            location: frame.location[place], scale: frame.scale[place])
      }
      return sum / weights.sum
    }
    #expect(mismatch(value, DoubleArray(plain(raw))) == nil)
    let numeric = numericGradient(at: [raw]) { plain($0[0]) }[0]
    #expect(gradientMismatch(gradient, numeric) == nil)
  }

  @Test(arguments: ForecastHead.allCases)
  func whatDoesNotWeighMayHoldAnything(_ head: ForecastHead) {
    let shape = [2, 3]
    let frame = frame(shape)
    let raw = wave(shape + [head.outputs(levels: 3)], phase: 3)
    var targets = targets(head, frame, shape)
    let weights = Tensor([1, 0, 1, 1, 0, 1], shape: shape)
    func gradient(
      _ targets: DoubleArray, _ frame: ForecastFrame<[Double]>
    ) -> (value: Tensor, gradient: Tensor) {
      valueAndGradient(of: raw) { raw in
        head.loss(
          raw, targets: Tensor(targets), weights: weights, frame: tensors(frame, shape),
          levels: levels)
      }
    }
    let expected = gradient(targets, frame)
    var broken = frame
    for place in [1, 4] {
      targets.values[place] = .nan
      broken.location[place] = .nan
      broken.scale[place] = -1
    }
    let found = gradient(targets, broken)
    #expect(found.value.scalar == expected.value.scalar && found.value.scalar.isFinite)
    #expect(found.gradient.elements == expected.gradient.elements)
  }

  /// Targets in z: some of any size, or whole counts.
  private func targets(
    _ head: ForecastHead, _ frame: ForecastFrame<[Double]>, _ shape: [Int]
  ) -> DoubleArray {
    var next = -1
    return DoubleArray.cosines(shape, phase: 30, scale: 3).map { z in
      next += 1
      if head != .negativeBinomial { return z }
      return (Double(next % 6) - frame.location[next]) / frame.scale[next]
    }
  }

  private func plainLoss(
    _ head: ForecastHead, _ raw: [Double], _ z: Double, location: Double, scale: Double
  ) -> Double {
    func start(_ value: Double) -> Double { logarithm(exponential(value) - 1) }
    func spread(_ raw: Double, _ value: Double) -> Double {
      0.01 + softRectifier(raw + start(value - 0.01))
    }
    switch head {
    case .quantiles:
      func pinball(_ quantile: Double, _ prediction: Double) -> Double {
        z >= prediction ? quantile * (z - prediction) : (1 - quantile) * (prediction - z)
      }
      // scipy.stats.norm.ppf(0.5 + level / 200)
      let sizes = [0, 0.674489750196082, 1.281551565544601, 1.959963984540054]
      var sum = 2 * pinball(0.5, raw[0])
      var (below, above) = (0.0, 0.0)
      for index in 0..<3 {
        let step = start(1.2533 * (sizes[index + 1] - sizes[index]))
        below += softRectifier(raw[1 + index] + step)
        above += softRectifier(raw[4 + index] + step)
        sum += pinball(0.5 - levels[index] / 200, raw[0] - below)
        sum += pinball(0.5 + levels[index] / 200, raw[0] + above)
      }
      return sum
    case .gaussian:
      let deviation = spread(raw[1], 1.2533)
      let error = (z - raw[0]) / deviation
      return error * error / 2 + logarithm(deviation) + 0.5 * logarithm(2 * .pi)
    case .studentT:
      let freedom = 2 + 8 * exponential(raw[2])
      let width = spread(raw[1], 1 / 0.8646852977022913)
      let error = (z - raw[0]) / width
      return logarithm(width) + 0.5 * logarithm(.pi * freedom)
        + logarithmOfGamma(freedom / 2) - logarithmOfGamma((freedom + 1) / 2)
        + (freedom + 1) / 2 * logarithm(1 + error * error / freedom)
    case .negativeBinomial:
      let count = max(location + scale * z, 0)
      let base = max(location, 0.1 * scale)
      let wanted = (1.2533 * scale * 1.2533 * scale - base) / (base * base)
      let mean = base * exponential(raw[0])
      let size = 1 / softRectifier(raw[1] + start(min(max(wanted, 0.01), 10)))
      // Γ(size + k) / Γ(size) is a product for a whole k.
      let rises = (0..<Int(count.rounded())).reduce(0) { $0 + logarithm(size + Double($1)) }
      return logarithmOfGamma(count.rounded() + 1) - rises
        + count * logarithm((size + mean) / mean) + size * logarithm(1 + mean / size)
    }
  }

  // MARK: Learning

  /// A network of nothing but a bias, shown a distribution, comes to give its quantiles.
  @Test(arguments: ForecastHead.allCases)
  func aBiasLearnsTheQuantilesOfWhatItIsShown(_ head: ForecastHead) throws {
    // The targets are a distribution's quantiles at evenly spaced levels: draws without luck.
    let count = 1001
    let draws = (0..<count).map { (Double($0) + 0.5) / Double(count) }
    let (location, scale) = (12.0, 4.0)
    let asked = (levels.map { 0.5 - $0 / 200 } + [0.5] + levels.map { 0.5 + $0 / 200 })
    let values: (Double) -> Double
    switch head {
    case .quantiles:
      // A skewed one: exponential.
      values = { 10 - 3 * logarithm(1 - $0) }
    case .gaussian:
      let normal = StudentTDistribution(degreesOfFreedom: 1e9)
      values = { 15 + 2 * normal.quantile($0) }
    case .studentT:
      let heavy = StudentTDistribution(degreesOfFreedom: 4)
      values = { 9 + 2 * heavy.quantile($0) }
    case .negativeBinomial:
      let counts = NegativeBinomialDistribution(mean: 7, dispersion: 0.6)
      values = { Double(counts.quantile($0)) }
    }
    let outputs = head.outputs(levels: levels.count)
    let targets = Tensor(
      draws.map { Float((values($0) - location) / scale) }, shape: [count, 1])
    let frame = ForecastFrame(
      location: Tensor(repeating: Float(location), shape: [count, 1]),
      scale: Tensor(repeating: Float(scale), shape: [count, 1]))
    let weights = Tensor(repeating: 1, shape: [count, 1])
    var state = TrainingState(
      model: Tensor.zeros([outputs]), optimizer: Adam(for: Tensor.zeros([outputs])),
      key: RandomKey(seed: 1))
    state.optimizer.learningRate = 0.05
    try train(
      &state, plan: TrainingPlan(epochs: 1, schedule: Schedule.cosine(steps: 500)),
      batches: { _, _ in 0..<500 },
      loss: { bias, _, _ in
        head.loss(
          bias.expanded(to: [count, 1, outputs]), targets: targets, weights: weights,
          frame: frame, levels: levels)
      })
    let bounds = head.bounds(
      state.model.reshaped([1, 1, outputs]),
      frame: ForecastFrame(location: [location], scale: [scale]), levels: levels)
    let found =
      bounds.lower.map { $0[0] } + [bounds.centre[0]] + bounds.upper.map { $0[0] }
    for (found, level) in zip(found, asked) {
      // The outermost of a thousand quantiles are not quite the tails that a t goes on in.
      let tolerance = head == .negativeBinomial ? 0 : 0.06
      #expect(abs(found - values(level)) <= tolerance, "\(head) \(level): \(values(level))")
    }
  }
}
