import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import RecurrentTraining
import Synchronization

/// The networks of one job, trained one after the other: what is done, what is under way, and the
/// checkpoint that holds both.
///
/// A job trains the same networks in the same order every time it runs. Taken up from a checkpoint
/// it skips those that are done, continues the one that was under way, and gives the same bits as a
/// job that was never interrupted.
public struct ForecastJournal {
  /// What a journal tells while a network is trained.
  public struct Progress: Sendable {
    /// Which network of the job, as `round 1, member 2`.
    public var network: String
    public var step: Int
    public var steps: Int
    public var loss: Double
    public var event: TrainingEvent
  }

  private var finished: [(label: String, network: ForecastNetwork)] = []
  private let job: JSONObject
  private let path: String?
  private let resumed: SafetensorsFile?
  private let resumedLabels: [String]
  private let resumedCurrent: String?
  private let stop: StopSignal?
  private let deadline: ContinuousClock.Instant?
  /// Networks that are still to be trained, which share the time that is left.
  private var networksLeft: Int
  private let report: (Progress) throws -> Void

  /// - Parameters:
  ///   - job: What the networks depend on. A checkpoint of another job is refused.
  ///   - checkpoint: The file to write; nil for none.
  ///   - resume: A checkpoint to take up.
  ///   - stop: Raised by whoever wants the job to end: it ends after the step that is under way, with
  ///     its checkpoint written.
  ///   - limit: How long the job may take, and how many networks it trains: each gets an equal share
  ///     of the time left, and takes fewer steps where that is too short. nil: as long as it takes. With a
  ///     limit the result depends on the machine.
  ///   - report: Called after each step and epoch.
  /// - Throws: `TensorFileError` if `resume` cannot be read or is of another job.
  public init(
    job: JSONObject, checkpoint path: String? = nil, resume: String? = nil,
    stop: StopSignal? = nil, limit: (time: Duration, networks: Int)? = nil,
    report: @escaping (Progress) throws -> Void = { _ in }
  ) throws(TensorFileError) {
    self.job = job
    self.path = path
    self.stop = stop
    deadline = limit.map { ContinuousClock.now + $0.time }
    networksLeft = max(limit?.networks ?? 1, 1)
    self.report = report
    guard let resume else {
      (resumed, resumedLabels, resumedCurrent) = (nil, [], nil)
      return
    }
    let file = try SafetensorsFile(path: resume)
    let configuration = try Checkpoint(file).configuration
    guard configuration["job"]?.object == job else {
      throw TensorFileError(
        file: resume, message: "the checkpoint is of other data or other options")
    }
    guard let labels = configuration["finished"]?.array?.compactMap(\.string),
      let current = configuration["current"]?.string
    else {
      throw TensorFileError(file: resume, message: "the checkpoint does not say what is done")
    }
    (resumed, resumedLabels, resumedCurrent) = (file, labels, current)
  }

  /// The network, trained; at once where the journal holds it already.
  ///
  /// - Throws: ``ForecastInterrupted`` where it was stopped; ``ForecastDivergence``; what writing the
  ///   checkpoint throws.
  mutating func train(
    _ label: String, _ network: ForecastNetwork, on data: ForecastWindows, steps: Int,
    _ configuration: ForecastConfiguration, key: RandomKey
  ) throws -> ForecastNetwork {
    if let resumed, resumedLabels.contains(label) {
      networksLeft = max(networksLeft - 1, 1)
      let done = try network.loaded(from: resumed, prefix: Self.prefix(label))
      finished.append((label, done))
      return done
    }
    var state = Self.state(network, learningRate: configuration.learningRate, key: key)
    if let resumed, resumedCurrent == label { try Checkpoint(resumed).restore(&state) }

    let context = network.answer.weight.context
    let question = data.question(on: context)
    let targets = data.targetTensor(on: context)
    let masks = data.maskTensor(on: context)
    let frame = data.frameTensors(on: context)
    let pace = Pace(steps: steps, until: deadlineOfNext())
    let plan = TrainingPlan(
      epochs: 1, schedule: pace.schedule, clipping: .norm(1),
      checkpointInterval: path == nil ? nil : 100)
    let batch = min(64, data.count)
    // The windows of the last batch.
    var rows: [Int] = []
    let outcome: TrainingOutcome
    do {
      outcome = try RecurrentTraining.train(
        &state, plan: plan, stop: pace.stop, batches: { _, _ in 0..<steps },
        report: { event in
          if case .step(let step) = event {
            pace.note(step.step, interrupted: stop?.isRaised == true)
            try report(
              Progress(
                network: label, step: step.step, steps: steps, loss: step.loss, event: event))
          }
        }, save: { try save($0, label) },
        loss: { network, _, key in
          let draws = key.folded("rows")
          rows = (0..<batch).map { Int((UInt64(draws.bits(at: $0)) * UInt64(data.count)) >> 32) }
          let answer = network(question.gatherRows(rows), key: key.folded("dropout"))
          return network.head.loss(
            answer, targets: targets.gatherRows(rows), weights: masks.gatherRows(rows),
            frame: ForecastFrame(
              location: frame.location.gatherRows(rows), scale: frame.scale.gatherRows(rows)),
            levels: network.levels)
        })
    } catch let cause as DivergenceError {
      throw ForecastDivergence(network: label, cause: cause, data, rows: rows)
    }
    networksLeft = max(networksLeft - 1, 1)
    if outcome == .interrupted, stop?.isRaised == true {
      throw ForecastInterrupted(checkpoint: path)
    }
    let done = state.evaluated
    finished.append((label, done))
    return done
  }

  /// When the next network must be done.
  private func deadlineOfNext() -> ContinuousClock.Instant? {
    let now = ContinuousClock.now
    return deadline.map { now + max($0 - now, .zero) / networksLeft }
  }

  // MARK: How a network is trained

  private static func state(
    _ network: ForecastNetwork, learningRate: Double, key: RandomKey
  ) -> TrainingState<ForecastNetwork, AdamW, Nothing> {
    var optimizer = AdamW(
      for: network, learningRate: learningRate, betas: (0.9, 0.99), weightDecay: 0.02)
    optimizer.groups = [
      ParameterGroup(weightDecay: 0) { $0.names.last!.hasPrefix("bias") }
    ]
    var state = TrainingState(model: network, optimizer: optimizer, key: key)
    state.average = MovingAverage(of: network, decay: 0.98)
    return state
  }

  // MARK: The checkpoint

  private func save(
    _ state: TrainingState<ForecastNetwork, AdamW, Nothing>, _ label: String
  ) throws {
    guard let path else { return }
    var document = Checkpoint.document(
      state,
      configuration: [
        "job": .object(job), "finished": .array(finished.map { .string($0.label) }),
        "current": .string(label),
      ])
    for (label, network) in finished {
      document.append(network, prefix: Self.prefix(label))
    }
    try document.write(to: path)
  }

  private static func prefix(_ label: String) -> String {
    "finished." + label.map { $0 == " " || $0 == "." ? "_" : String($0) }.joined()
  }
}

/// How many steps a network takes: as many as planned, or as the time allows, which shows after some.
private final class Pace: Sendable {
  /// Steps after which the time of a step is known.
  private static let trial = 10

  let stop = StopSignal()
  private let steps: Atomic<Int>
  private let deadline: ContinuousClock.Instant?
  private let start = ContinuousClock.now
  /// The number of the first step that is noted; −1 before.
  private let first = Atomic(-1)

  init(steps: Int, until deadline: ContinuousClock.Instant?) {
    self.steps = Atomic(steps)
    self.deadline = deadline
  }

  /// A cosine to zero, with twenty steps of warm-up on top.
  var schedule: Schedule {
    Schedule { step in
      let steps = self.steps.load(ordering: .relaxed)
      return min(1, Double(step + 1) / 20) * Schedule.cosine(steps: steps)(step)
    }
  }

  /// Notes that a step was taken, and ends the training where it was the last there is time for.
  func note(_ step: Int, interrupted: Bool) {
    if interrupted { stop.raise() }
    guard let deadline else { return }
    if first.load(ordering: .relaxed) < 0 { first.store(step, ordering: .relaxed) }
    let taken = step - first.load(ordering: .relaxed) + 1
    var steps = self.steps.load(ordering: .relaxed)
    let now = ContinuousClock.now
    if taken == Self.trial {
      let time = (now - start) / Self.trial
      steps = min(steps, max(step, step - taken + Int(min((deadline - start) / time, 1e9))))
      self.steps.store(steps, ordering: .relaxed)
    }
    if step >= steps || now >= deadline { stop.raise() }
  }
}

/// A job that was stopped by its ``StopSignal``.
public struct ForecastInterrupted: Error, Sendable {
  /// Where it can be taken up from.
  public var checkpoint: String?
}
