import OnnxProto
import RecurrentCore
import RecurrentFormats

/// A node while it is made ready to run: its attributes, and what is known of its inputs.
///
/// An object, for it remembers which attributes were asked for: one that is not known to the operator
/// is a fault.
final class NodeReader {
  let name: String
  let opset: Int
  let inputCount: Int
  /// Which outputs have names.
  let wantsOutput: [Bool]
  let context: ComputeContext
  let limits: OnnxLimits

  private let attributes: [String: Onnx_AttributeProto]
  private let inputs: [Source]
  private let external: ExternalData
  private let compileBody: (Onnx_GraphProto) throws -> Body
  private var asked: Set<String> = []

  init(
    name: String, opset: Int, attributes: [Onnx_AttributeProto], inputs: [Source],
    wantsOutput: [Bool], external: ExternalData, context: ComputeContext, limits: OnnxLimits,
    compileBody: @escaping (Onnx_GraphProto) throws -> Body
  ) throws {
    self.name = name
    self.opset = opset
    inputCount = inputs.count
    self.wantsOutput = wantsOutput
    self.context = context
    self.limits = limits
    self.inputs = inputs
    self.external = external
    self.compileBody = compileBody
    var known: [String: Onnx_AttributeProto] = [:]
    for attribute in attributes
    where known.updateValue(attribute, forKey: attribute.name) != nil {
      throw Fault("attribute \(quotedForMessage(attribute.name)) is given twice")
    }
    self.attributes = known
  }

  /// An input's value, if it is always the same.
  func constant(_ index: Int) -> OnnxValue? {
    guard index < inputs.count, case .constant(let value) = inputs[index] else { return nil }
    return value
  }

  /// Whether an input is given.
  func hasInput(_ index: Int) -> Bool {
    guard index < inputs.count else { return false }
    if case .missing = inputs[index] { return false }
    return true
  }

  func has(_ name: String) -> Bool {
    asked.insert(name)
    return attributes[name] != nil
  }

  /// Throws for attributes that the operator has not asked for.
  func refuseOthers() throws {
    if let other = attributes.keys.filter({ !asked.contains($0) }).min() {
      throw Fault("attribute \(quotedForMessage(other)) is not known here")
    }
  }

  private func attribute(
    _ name: String, _ type: Onnx_AttributeProto.AttributeType
  ) throws -> Onnx_AttributeProto? {
    asked.insert(name)
    guard let attribute = attributes[name] else { return nil }
    // Files before version 2 of the format say no type.
    guard attribute.type == type || attribute.type == .undefined else {
      throw Fault("attribute \(name) is of another type: \(attribute.type)")
    }
    return attribute
  }

  func integer(_ name: String) throws -> Int? { try attribute(name, .int).map { Int($0.i) } }
  func integers(_ name: String) throws -> [Int]? {
    try attribute(name, .ints)?.ints.map { Int($0) }
  }
  func float(_ name: String) throws -> Float? { try attribute(name, .float)?.f }
  func floats(_ name: String) throws -> [Float]? { try attribute(name, .floats)?.floats }
  func string(_ name: String) throws -> String? {
    try attribute(name, .string).map { String(decoding: Array($0.s), as: UTF8.self) }
  }
  func strings(_ name: String) throws -> [String]? {
    try attribute(name, .strings)?.strings.map { String(decoding: Array($0), as: UTF8.self) }
  }
  func tensor(_ name: String) throws -> OnnxValue? {
    try attribute(name, .tensor).map {
      try OnnxValue($0.t, external: external, limits: limits, on: context)
    }
  }

  func flag(_ name: String, default value: Bool = false) throws -> Bool {
    try integer(name).map { $0 != 0 } ?? value
  }

  /// One of several words.
  func choice<Value>(
    _ name: String, _ values: KeyValuePairs<String, Value>, default value: Value
  ) throws -> Value {
    guard let word = try string(name) else { return value }
    guard let found = values.first(where: { $0.key == word }) else {
      throw Fault(
        "\(name) is one of \(values.map(\.key).joined(separator: ", ")), found \(quotedForMessage(word))"
      )
    }
    return found.value
  }

  func required<Value>(_ name: String, _ value: Value?) throws -> Value {
    guard let value else { throw Fault("\(name) is missing") }
    return value
  }

  /// A graph within the node.
  func body(_ name: String) throws -> Body {
    try compileBody(try required(name, try attribute(name, .graph)).g)
  }
}
