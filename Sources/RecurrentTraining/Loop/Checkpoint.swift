import RecurrentCore
import RecurrentFormats

/// A training run in one safetensors file, from which it can be taken up.
///
/// Tensors, each under its path: `model.…`, `optimizer.…` (`optimizer.exp_avg.lstm.weight_ih_l0`),
/// `carried.…`, `average.…`, `best.…`. `__metadata__` has one key, `recurrent`: a JSON object with
///
/// - `"kind": "checkpoint"`, `"version": 1`,
/// - `configuration`: the caller's, whatever is needed to build the run again,
/// - `step`, `epoch`, `batch`: how many are done, `loss_sum` over the epoch's batches,
/// - `key`: the run's random key, 16 hexadecimal digits,
/// - `optimizer`: its `name` and `step`,
/// - `average` (`count`), `plateau`, `early_stopping`: what they have seen, where there are any.
///
/// It is written whole or not at all. A run taken up from it gives the same bits as one that was
/// never interrupted.
///
/// ```swift
/// try Checkpoint.write(state, configuration: ["hidden": 64], to: "run.safetensors")
///
/// let checkpoint = try Checkpoint(path: "run.safetensors")
/// var state = makeState(checkpoint.configuration)
/// try checkpoint.restore(&state)
/// ```
public struct Checkpoint: Sendable {
  /// The newest layout this version writes and reads.
  public static let version = 1
  static let kind = "checkpoint"

  /// What the caller gave when it was written.
  public let configuration: JSONObject
  private let body: JSONObject
  private let file: SafetensorsFile

  /// Opens a checkpoint.
  ///
  /// - Throws: If it cannot be read, is cut short or holds no checkpoint of a version known.
  public init(path: String) throws(TensorFileError) {
    try self.init(SafetensorsFile(path: path))
  }

  /// Looks for a checkpoint in an open file.
  public init(_ file: SafetensorsFile) throws(TensorFileError) {
    self.file = file
    body = try RecurrentMetadata(of: file, kind: Self.kind, version: Self.version).body
    guard let configuration = body["configuration"]?.object else {
      throw TensorFileError(file: file.file, message: "the checkpoint has no configuration")
    }
    self.configuration = configuration
  }

  /// Writes the run, whole or not at all.
  ///
  /// - Parameter configuration: Whatever is needed to build the run again.
  /// - Throws: What the system refused; a checkpoint that was there before is then as it was.
  public static func write<Model, Rule, Carried>(
    _ state: TrainingState<Model, Rule, Carried>, configuration: JSONObject = [:], to path: String
  ) throws(FileError) {
    try document(state, configuration: configuration).write(to: path)
  }

  /// The file to be.
  public static func document<Model, Rule, Carried>(
    _ state: TrainingState<Model, Rule, Carried>, configuration: JSONObject = [:]
  ) -> SafetensorsDocument {
    let digits = String(state.key.seed, radix: 16)
    var body: JSONObject = [
      "configuration": .object(configuration),
      "step": .integer(state.step), "epoch": .integer(state.epoch), "batch": .integer(state.batch),
      "loss_sum": .number(state.lossSum),
      "key": .string(String(repeating: "0", count: 16 - digits.count) + digits),
      "optimizer": ["name": .string(Rule.name), "step": .integer(state.optimizer.stepCount)],
    ]
    if let average = state.average { body["average"] = ["count": .integer(average.count)] }
    if let plateau = state.plateau { body["plateau"] = .object(plateau.memory) }
    if let early = state.earlyStopping { body["early_stopping"] = .object(early.memory) }
    var document = SafetensorsDocument(
      metadata: RecurrentMetadata(kind: kind, version: version, body: body).metadata)
    document.append(state.model, prefix: "model")
    document.append(state.optimizer, prefix: "optimizer")
    document.append(state.carried, prefix: "carried")
    if let average = state.average { document.append(average.model, prefix: "average") }
    if let early = state.earlyStopping { document.append(early.bestModel, prefix: "best") }
    return document
  }

  /// Gives a state, made as the one that was saved, what the run remembered.
  ///
  /// - Throws: `TensorFileError` if the run had another optimizer, or another
  ///   choice of average, plateau and early stopping; `TensorMismatch` if its
  ///   tensors are others. The state is then as it was.
  public func restore<Model, Rule, Carried>(
    _ state: inout TrainingState<Model, Rule, Carried>
  ) throws {
    var restored = state
    let optimizer = try member("optimizer", body["optimizer"]?.object)
    let name = try member("optimizer.name", optimizer["name"]?.string)
    guard name == Rule.name else {
      throw fault("the run's optimizer is \(name), this one's is \(Rule.name)")
    }
    restored.step = try count("step", body["step"])
    restored.epoch = try count("epoch", body["epoch"])
    restored.batch = try count("batch", body["batch"])
    restored.lossSum = try member("loss_sum", body["loss_sum"]?.number)
    restored.key = RandomKey(
      seed: try member("key", body["key"]?.string.flatMap { UInt64($0, radix: 16) }))
    restored.model = try state.model.loaded(from: file, prefix: "model")
    restored.optimizer = try state.optimizer.loaded(from: file, prefix: "optimizer")
    restored.optimizer.stepCount = try count("optimizer.step", optimizer["step"])
    restored.carried = try state.carried.loaded(from: file, prefix: "carried")
    if let memory = try memory("average", isExpected: state.average != nil) {
      restored.average!.count = try count("average.count", memory["count"])
      restored.average!.model = try state.model.loaded(from: file, prefix: "average")
    }
    if let memory = try memory("plateau", isExpected: state.plateau != nil) {
      restored.plateau!.memory = memory
    }
    if let memory = try memory("early_stopping", isExpected: state.earlyStopping != nil) {
      restored.earlyStopping!.memory = memory
      restored.earlyStopping!.bestModel = try state.model.loaded(from: file, prefix: "best")
    }
    state = restored
  }

  private func memory(
    _ name: String, isExpected: Bool
  ) throws(TensorFileError) -> JSONObject? {
    let found = body[name]?.object
    guard (found != nil) == isExpected else {
      let (its, ours) = isExpected ? ("without", "with") : ("with", "without")
      throw fault("the run was \(its) \(quotedForMessage(name)), this one is \(ours)")
    }
    return found
  }

  private func count(_ name: String, _ value: JSONValue?) throws(TensorFileError) -> Int {
    let number = try member(name, value?.integer)
    guard number >= 0 else { throw fault("\(name) is \(number)") }
    return number
  }

  private func member<Value>(
    _ name: String, _ value: Value?
  ) throws(TensorFileError) -> Value {
    guard let value else { throw fault("the checkpoint has no valid \(quotedForMessage(name))") }
    return value
  }

  private func fault(_ message: String) -> TensorFileError {
    TensorFileError(file: file.file, message: message)
  }
}
