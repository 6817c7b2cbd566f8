import RecurrentCore
import RecurrentFormats
import RecurrentTraining
import TestSupport
import Testing

@Suite struct TrainingLogTests {
  private let plan = TrainingPlan(epochs: 3)

  private func start() -> SmallState<Adam> {
    let model = SmallModel()
    var state = TrainingState(model: model, optimizer: Adam(for: model), key: RandomKey(seed: 3))
    state.earlyStopping = EarlyStopping(for: model, patience: 5)
    return state
  }

  @Test func itHasALineForEachEvent() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("log.jsonl")
    var log = try TrainingLog(path: path)
    var state = start()
    try runSmall(&state, plan: plan) { try log.append($0) }
    let lines = String(decoding: try readFile(path), as: UTF8.self).split(separator: "\n")
    #expect(lines.count == 27)
    let first = try JSONValue(parsing: String(lines[0]))
    #expect(
      first.object?.keys == ["event", "step", "epoch", "loss", "gradient_norm", "learning_rate"])
    let epoch = try JSONValue(parsing: String(lines[8]))
    #expect(epoch.object?.keys == ["event", "epoch", "step", "loss", "evaluation", "best"])
    #expect(epoch["event"] == "epoch" && epoch["step"] == 8 && epoch["best"] == true)
  }

  /// Killed some time after a checkpoint, in the middle of a line.
  @Test func aResumedLogHasTheBytesOfAWholeOne() throws {
    let folder = try TemporaryFolder()
    let wholePath = folder.file("whole.jsonl")
    let path = folder.file("log.jsonl")
    var wholeLog = try TrainingLog(path: wholePath)
    var whole = start()
    try runSmall(&whole, plan: plan) { try wholeLog.append($0) }
    let wholeBytes = try readFile(wholePath)
    let lines = wholeBytes.split(separator: UInt8(ascii: "\n"))
    for step in [1, 8, 13, 24] {
      var state = start()
      try runSmall(&state, plan: plan, stepLimit: step)
      // The lines of the steps and of the epochs before the last of them, at least.
      for linesWritten in step + (step - 1) / 8...27 {
        let written = lines[..<linesWritten].joined(separator: [UInt8(ascii: "\n")])
        try AtomicFile.write(Array(written) + Array("\n{\"event\":\"st".utf8), to: path)
        var log = try TrainingLog(path: path, resuming: state)
        var resumed = state
        try runSmall(&resumed, plan: plan) { try log.append($0) }
        #expect(try readFile(path) == wholeBytes, "step \(step), \(linesWritten) lines")
      }
    }
  }

  @Test func aLogThatIsNotThereBeginsEmpty() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("log.jsonl")
    var log = try TrainingLog(path: path, resuming: start())
    try log.append(
      .step(StepReport(step: 1, epoch: 1, loss: 2, gradientNorm: 3, learningRate: 0.5)))
    #expect(
      String(decoding: try readFile(path), as: UTF8.self)
        == #"{"event":"step","step":1,"epoch":1,"loss":2.0,"gradient_norm":3.0,"#
        + #""learning_rate":0.5}"# + "\n")
  }
}
