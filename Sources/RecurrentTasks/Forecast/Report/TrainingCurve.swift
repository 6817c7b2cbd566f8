/// How the losses of a job's networks fell, in a few points for each of them.
public struct TrainingCurve: Sendable, Hashable {
  /// One network.
  public struct Network: Sendable, Hashable {
    /// As the journal calls it, such as `round 1 member 2`.
    public let name: String
    /// Steps planned.
    public let steps: Int
    /// Losses of neighbouring steps, added up.
    private var sums: [Double]
    private var counts: [Int]

    /// Points of a curve at most.
    private static let pointLimit = 100

    init(name: String, steps: Int) {
      self.name = name
      self.steps = max(steps, 1)
      let count = min(max(steps, 1), Self.pointLimit)
      sums = Array(repeating: 0, count: count)
      counts = Array(repeating: 0, count: count)
    }

    fileprivate mutating func note(_ loss: Double, at step: Int) {
      let place = (min(max(step, 1), steps) - 1) * sums.count / steps
      sums[place] += loss
      counts[place] += 1
    }

    /// The mean loss of some neighbouring steps, at their middle; those that nobody saw are left out.
    public var points: [(step: Double, loss: Double)] {
      sums.indices.filter { counts[$0] > 0 }.map { place in
        (
          (Double(place) + 0.5) * Double(steps) / Double(sums.count),
          sums[place] / Double(counts[place])
        )
      }
    }
  }

  /// In the order of their training.
  public private(set) var networks: [Network] = []

  public init() {}

  /// Adds a step. A network that was trained before an interruption is not there.
  public mutating func note(_ progress: ForecastJournal.Progress) {
    note(progress.network, step: progress.step, of: progress.steps, loss: progress.loss)
  }

  package mutating func note(_ network: String, step: Int, of steps: Int, loss: Double) {
    if networks.last?.name != network { networks.append(Network(name: network, steps: steps)) }
    networks[networks.count - 1].note(loss, at: step)
  }
}
