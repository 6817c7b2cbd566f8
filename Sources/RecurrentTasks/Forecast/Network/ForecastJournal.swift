import RecurrentCore
import RecurrentFormats
import RecurrentLayers
import RecurrentTraining

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
  private let report: (Progress) throws -> Void

  /// - Parameters:
  ///   - job: What the networks depend on. A checkpoint of another job is refused.
  ///   - checkpoint: The file to write; nil for none.
  ///   - resume: A checkpoint to take up.
  ///   - stop: Raised by whoever wants the job to end: it ends after the step that is under way, with
  ///     its checkpoint written.
  ///   - report: Called after each step and epoch.
  /// - Throws: `TensorFileError` if `resume` cannot be read or is of another job.
  public init(
    job: JSONObject, checkpoint path: String? = nil, resume: String? = nil,
    stop: StopSignal? = nil, report: @escaping (Progress) throws -> Void = { _ in }
  ) throws(TensorFileError) {
    self.job = job
    self.path = path
    self.stop = stop
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
  /// - Throws: ``ForecastInterrupted`` where it was stopped; `DivergenceError`; what writing the
  ///   checkpoint throws.
  mutating func train(
    _ label: String, _ network: ForecastNetwork, on data: ForecastWindows, steps: Int,
    levels: [Double], key: RandomKey
  ) throws -> ForecastNetwork {
    if let resumed, resumedLabels.contains(label) {
      let done = try network.loaded(from: resumed, prefix: Self.prefix(label))
      finished.append((label, done))
      return done
    }
    var state = Self.state(network, key: key)
    if let resumed, resumedCurrent == label { try Checkpoint(resumed).restore(&state) }

    let context = network.head.weight.context
    let inputs = data.inputTensor(on: context)
    let contexts = data.contextTensor(on: context)
    let targets = data.targetTensor(on: context)
    let masks = data.maskTensor(on: context)
    let quantiles = Self.quantiles(levels)
    let plan = TrainingPlan(
      epochs: 1, schedule: Self.schedule(steps: steps), clipping: .norm(1),
      checkpointInterval: path == nil ? nil : 100)
    let batch = min(64, data.count)
    let outcome = try RecurrentTraining.train(
      &state, plan: plan, stop: stop, batches: { _, _ in 0..<steps },
      report: { event in
        if case .step(let step) = event {
          try report(
            Progress(
              network: label, step: step.step, steps: steps, loss: step.loss, event: event))
        }
      }, save: { try save($0, label) },
      loss: { network, _, key in
        let draws = key.folded("rows")
        let rows = (0..<batch).map { Int((UInt64(draws.bits(at: $0)) * UInt64(data.count)) >> 32) }
        let output = network(
          inputs.gatherRows(rows), contexts.gatherRows(rows), key: key.folded("dropout"))
        return pinball(
          output, targets.gatherRows(rows), masks.gatherRows(rows), quantiles: quantiles)
      })
    if outcome == .interrupted { throw ForecastInterrupted(checkpoint: path) }
    let done = state.evaluated
    finished.append((label, done))
    return done
  }

  // MARK: How a network is trained

  private static func state(
    _ network: ForecastNetwork, key: RandomKey
  ) -> TrainingState<ForecastNetwork, AdamW, Nothing> {
    var optimizer = AdamW(
      for: network, learningRate: 3e-3, betas: (0.9, 0.99), weightDecay: 0.02)
    optimizer.groups = [
      ParameterGroup(weightDecay: 0) { $0.names.last!.hasPrefix("bias") }
    ]
    var state = TrainingState(model: network, optimizer: optimizer, key: key)
    state.average = MovingAverage(of: network, decay: 0.98)
    return state
  }

  /// A cosine to zero, with twenty steps of warm-up on top.
  private static func schedule(steps: Int) -> Schedule {
    let cosine = Schedule.cosine(steps: steps)
    return Schedule { step in min(1, Double(step + 1) / 20) * cosine(step) }
  }

  /// The median counts twice.
  private static func quantiles(_ levels: [Double]) -> [Float] {
    ([0.5, 0.5] + levels.map { 0.5 - $0 / 200 } + levels.map { 0.5 + $0 / 200 }).map { Float($0) }
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
    "finished." + label.split(separator: " ").joined(separator: "_")
  }
}

/// A job that was stopped by its ``StopSignal``.
public struct ForecastInterrupted: Error, Sendable {
  /// Where it can be taken up from.
  public var checkpoint: String?
}

/// The pinball loss of all quantiles over the targets that are there.
private func pinball(
  _ output: ForecastNetwork.Output, _ targets: Tensor, _ masks: Tensor, quantiles: [Float]
) -> Tensor {
  let centre = output.centre.reshaped(output.centre.shape + [1])
  let predictions = concatenated(
    [centre, centre, centre - output.below, centre + output.above], alongAxis: 2)
  return pinballLoss(predictions, targets, quantiles: quantiles, weights: masks)
    * Float(quantiles.count)
}
