import RecurrentCore
import RecurrentFormats
import RecurrentTraining
import TestSupport
import Testing

private let plan = TrainingPlan(
  epochs: 4, schedule: .cosine(steps: 32, warmUp: 3), clipping: .norm(0.5), batchesPerStep: 1)

private func state<Rule: Optimizer>(
  _ rule: (SmallModel) -> Rule, withEverything: Bool = true
) -> SmallState<Rule> {
  let model = SmallModel()
  var state = TrainingState(model: model, optimizer: rule(model), key: RandomKey(seed: 1 << 63 + 9))
  if withEverything {
    state.average = MovingAverage(of: model, decay: 0.8)
    state.plateau = Plateau(decay: 0.5, patience: 0)
    state.earlyStopping = EarlyStopping(for: model, patience: 3)
  }
  return state
}

private func adam(_ model: SmallModel) -> Adam { Adam(for: model, learningRate: 0.05) }

@Suite struct CheckpointTests {
  /// Interrupted after every number of steps and taken up in another state value, read from the
  /// file's bytes.
  private func checkResumes<Rule: Optimizer>(_ rule: (SmallModel) -> Rule) throws {
    var whole = state(rule)
    var wholeEvents: [TrainingEvent] = []
    try runSmall(&whole, plan: plan) { wholeEvents.append($0) }
    let wholeBytes = Checkpoint.document(whole).bytes
    for stepLimit in 1...32 {
      var first = state(rule)
      var events: [TrainingEvent] = []
      var saved: [UInt8] = []
      let outcome = try runSmall(
        &first, plan: plan, stepLimit: stepLimit, report: { events.append($0) },
        save: { saved = Checkpoint.document($0, configuration: ["a": 1]).bytes })
      #expect(outcome == .interrupted)
      let checkpoint = try Checkpoint(SafetensorsFile(bytes: saved, file: "run"))
      #expect(checkpoint.configuration == ["a": 1])
      var second = state(rule)
      second.key = RandomKey(seed: 77)
      second.model = SmallModel(key: RandomKey(seed: 78))
      try checkpoint.restore(&second)
      try runSmall(&second, plan: plan) { events.append($0) }
      #expect(Checkpoint.document(second).bytes == wholeBytes, "after step \(stepLimit)")
      #expect(events == wholeEvents, "after step \(stepLimit)")
    }
  }

  @Test func aResumedRunGivesTheSameBitsWithAdam() throws { try checkResumes(adam) }

  @Test func aResumedRunGivesTheSameBitsWithAdamW() throws {
    try checkResumes { AdamW(for: $0, learningRate: 0.05) }
  }

  @Test func aResumedRunGivesTheSameBitsWithMomentum() throws {
    try checkResumes { SGD(for: $0, learningRate: 0.05, momentum: 0.9, dampening: 0.1) }
  }

  @Test func aResumedRunGivesTheSameBitsWithRMSprop() throws {
    try checkResumes {
      RMSprop(for: $0, learningRate: 0.01, momentum: 0.5, isCentered: true)
    }
  }

  @Test func whatIsCarriedIsResumed() throws {
    func start() -> TrainingState<SmallModel, Adam, Tensor> {
      let model = SmallModel()
      return TrainingState(
        model: model, optimizer: adam(model), key: RandomKey(seed: 1),
        carried: Tensor([1, 2], shape: [2]))
    }
    func run(_ state: inout TrainingState<SmallModel, Adam, Tensor>, stepLimit: Int? = nil) throws {
      let stop = StopSignal()
      _ = try train(
        &state, plan: TrainingPlan(epochs: 2), stop: stop,
        batches: { _, _ in [0, 1, 2, 3] },
        report: { if case .step(let step) = $0, step.step == stepLimit { stop.raise() } },
        loss: { model, _, carried, _ in
          carried = tanh(carried + model.second.weight.sum())
          return square(carried).sum()
        })
    }
    var whole = start()
    try run(&whole)
    var first = start()
    try run(&first, stepLimit: 3)
    #expect(first.carried.elements != [1, 2])
    var second = start()
    let bytes = Checkpoint.document(first).bytes
    try Checkpoint(SafetensorsFile(bytes: bytes, file: "run")).restore(&second)
    try run(&second)
    #expect(bits(second.model) == bits(whole.model))
  }

  @Test func aCheckpointIsAFileThatIsWholeOrOld() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run.safetensors")
    var run = state(adam)
    try runSmall(&run, plan: plan, stepLimit: 11, save: { try Checkpoint.write($0, to: path) })
    #expect(try readFile(path) == Checkpoint.document(run).bytes)
    var other = state(adam)
    let checkpoint = try Checkpoint(path: path)
    try checkpoint.restore(&other)
    #expect(Checkpoint.document(other).bytes == Checkpoint.document(run).bytes)
    // A new file under the name leaves the open one alone.
    try Checkpoint.write(state(adam), to: path)
    try checkpoint.restore(&other)
    #expect(other.step == 11 && bits(other.model) == bits(run.model))
    #expect(try folder.names == ["run.safetensors"])
  }

  // MARK: What is refused

  private var whole: [UInt8] {
    get throws {
      var run = state(adam)
      try runSmall(&run, plan: plan, stepLimit: 3)
      return Checkpoint.document(run).bytes
    }
  }

  @Test func aCheckpointCutShortIsRefused() throws {
    let whole = try whole
    for count in stride(from: 0, to: whole.count, by: 7) {
      #expect(throws: TensorFileError.self) {
        try Checkpoint(SafetensorsFile(bytes: Array(whole[..<count]), file: "run"))
      }
    }
  }

  private func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing"
    } catch {
      let text = "\(error)"
      #expect(!text.contains("\n"))
      return text
    }
  }

  @Test func aForeignFileIsRefused() throws {
    func open(_ metadata: [String: String]) -> String {
      refusal {
        let bytes = SafetensorsDocument(metadata: metadata).bytes
        _ = try Checkpoint(SafetensorsFile(bytes: bytes, file: "run"))
      }
    }
    #expect(
      open([:]) == "run: not a checkpoint of this package: its metadata has no \"recurrent\"")
    #expect(open(["recurrent": "{"]) == "run: the metadata under \"recurrent\" is damaged")
    #expect(
      open(["recurrent": #"{"kind":"model","version":1}"#])
        == "run: a checkpoint is expected, this is a \"model\"")
    #expect(
      open(["recurrent": #"{"kind":"checkpoint","version":2}"#])
        == "run: a checkpoint of layout version 2, this program reads up to 1")
    #expect(
      open(["recurrent": #"{"kind":"checkpoint","version":1}"#])
        == "run: the checkpoint has no configuration")
    #expect(
      refusal { _ = try Checkpoint(path: "/no/such/run") }
        == "cannot open /no/such/run: No such file or directory")
  }

  @Test func aRunOfAnotherKindIsRefusedAndTheStateStays() throws {
    let checkpoint = try Checkpoint(SafetensorsFile(bytes: whole, file: "run"))
    func refused<Rule>(_ state: SmallState<Rule>) -> String {
      var state = state
      let before = Checkpoint.document(state).bytes
      let text = refusal { try checkpoint.restore(&state) }
      #expect(Checkpoint.document(state).bytes == before)
      return text
    }
    #expect(
      refused(state { SGD(for: $0) }) == "run: the run's optimizer is adam, this one's is sgd")
    #expect(
      refused(state(adam, withEverything: false))
        == "run: the run was with \"average\", this one is without")
    var larger = state(adam)
    larger.model.second.bias = nil
    #expect(refused(larger) == "run does not fit: unexpected: model.second.bias")
  }
}
