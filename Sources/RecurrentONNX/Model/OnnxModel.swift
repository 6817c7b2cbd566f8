import OnnxProto
import RecurrentCore
import RecurrentFormats

/// A model in ONNX' format, ready to run.
///
/// ```swift
/// let model = try OnnxModel(path: "model.onnx")
/// let outputs = try model.run(["x": .float32(x)])
/// ```
///
/// Reading it checks everything that can be known before it runs: that every operator is one of those
/// that are computed here, in the meaning of the model's opset; its attributes; that every name is made
/// before it is used; shapes of stored tensors. What never changes is computed once, and the weights of
/// recurrent layers are brought into the engine's form: a model is made for being run many times.
///
/// LSTM, GRU and RNN run as cells on the engine, with all of their attributes and inputs, in ONNX
/// Runtime's reading of them.
public struct OnnxModel: Sendable {
  /// What the file says.
  public let contents: OnnxContents
  /// Where it runs.
  public let context: ComputeContext
  /// What it may ask for.
  public let limits: OnnxLimits

  private let plan: Plan

  /// What ``run(_:)`` needs: the inputs for which the file has no value.
  public var inputs: [OnnxPort] { contents.inputs }
  /// What it gives.
  public var outputs: [OnnxPort] { contents.outputs }
  /// The strings under `metadata_props`.
  public var metadata: [String: String] { contents.metadata }

  /// Reads a file, and files beside it, in the same folder, that it says its numbers are in.
  ///
  /// - Throws: If it cannot be read, is not a model, or has an operator, an attribute or a type that is
  ///   not computed here; see ``OnnxError``.
  public init(
    path: String, limits: OnnxLimits = OnnxLimits(), on context: ComputeContext = .default
  ) throws(OnnxError) {
    let bytes: [UInt8]
    do { bytes = try readFile(path) } catch { throw OnnxError(error) }
    try self.init(
      bytes: bytes, file: path, external: ExternalData(beside: path), limits: limits, on: context)
  }

  /// Reads a file held in memory.
  ///
  /// - Parameter file: The name for messages.
  public init(
    bytes: [UInt8], file: String, limits: OnnxLimits = OnnxLimits(),
    on context: ComputeContext = .default
  ) throws(OnnxError) {
    try self.init(
      bytes: bytes, file: file, external: ExternalData(beside: nil), limits: limits, on: context)
  }

  private init(
    bytes: [UInt8], file: String, external: ExternalData, limits: OnnxLimits,
    on context: ComputeContext
  ) throws(OnnxError) {
    let proto = try OnnxContents.proto(bytes, file: file)
    do {
      self = try OnnxModel(
        proto, file: file, external: external, limits: limits, on: context)
    } catch let fault as Fault {
      throw OnnxError(file: file, place: fault.place, message: fault.message)
    } catch {
      throw OnnxError(file: file, message: "\(error)")
    }
  }

  private init(
    _ proto: Onnx_ModelProto, file: String, external: ExternalData, limits: OnnxLimits,
    on context: ComputeContext
  ) throws {
    let graph = proto.graph
    guard
      max(graph.node.count, graph.input.count, graph.output.count, graph.initializer.count)
        <= limits.nodes
    else { throw Fault("the model has more than \(limits.nodes) nodes, inputs or tensors") }
    contents = OnnxContents(proto, file: file)
    self.limits = limits
    self.context = context
    var functions: [String: Onnx_FunctionProto] = [:]
    for function in proto.functions {
      let key = GraphCompiler.key(GraphCompiler.domain(function.domain), function.name)
      guard functions.updateValue(function, forKey: key) == nil else {
        throw Fault("two functions are called \(quotedForMessage(function.name))")
      }
    }
    plan = try GraphCompiler.compile(
      proto.graph,
      GraphCompiler.Shared(
        opsets: try GraphCompiler.opsets(proto.opsetImport), functions: functions,
        external: external, context: context, limits: limits))
    for input in contents.inputs {
      try Fault.placed("input \(quotedForMessage(input.name))") {
        guard input.isTensor else {
          throw Fault(
            "it is not a tensor: sequences, maps and optional values are not computed here")
        }
        if let number = input.elementType { _ = try ElementType(number: Int32(number)) }
      }
    }
    guard Set(outputs.map(\.name)).count == outputs.count else {
      throw Fault("an output is named twice")
    }
  }

  /// Runs the model.
  ///
  /// - Parameter given: A value for each of ``inputs``, of its type, and of its shape where that says
  ///   numbers; the sizes that it names may be any.
  /// - Returns: A value for each of ``outputs``.
  /// - Throws: Where a value is missing, of another type or shape, or where a node cannot compute what
  ///   it is given; see ``OnnxError``.
  public func run(_ given: [String: OnnxValue]) throws(OnnxError) -> [String: OnnxValue] {
    do {
      if let other = given.keys.filter({ name in !inputs.contains { $0.name == name } }).min() {
        let names = inputs.map { quotedForMessage($0.name) }.joined(separator: ", ")
        throw Fault(
          "the model has no input \(quotedForMessage(other)); it has "
            + (names.isEmpty ? "none" : names))
      }
      let values = try inputs.map { input -> OnnxValue? in
        try Fault.placed("input \(quotedForMessage(input.name))") {
          guard let value = given[input.name] else {
            throw Fault("no value is given for it: \(input.description)")
          }
          try input.check(value)
          return value
        }
      }
      let results = try plan.run(values, limits: limits, on: context)
      return Dictionary(uniqueKeysWithValues: zip(outputs.map(\.name), results))
    } catch let fault as Fault {
      throw OnnxError(file: contents.file, place: fault.place, message: fault.message)
    } catch {
      throw OnnxError(file: contents.file, message: "\(error)")
    }
  }
}
