import RecurrentCore
import RecurrentFormats
import TestSupport
import Testing

private struct Pair: TensorTree {
  var weight = Tensor((0..<6).map { Float($0) + 0.1 }, shape: [2, 3])
  var bias: Tensor? = Tensor([-0.0, .infinity, .leastNonzeroMagnitude], shape: [3])
  var inner: [Tensor] = [Tensor(scalar: 7), Tensor([], shape: [0, 4])]

  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("weight", &weight)
    visitor.visit("bias", &bias)
    visitor.visit("inner", &inner)
  }
}

private func document(_ tree: some TensorTree, prefix: String = "") -> SafetensorsDocument {
  var document = SafetensorsDocument(metadata: ["b": "\"quoted\"\n", "a": "ä"])
  document.append(tree, prefix: prefix)
  return document
}

private func bits(_ tensor: Tensor) -> [UInt32] { tensor.elements.map(\.bitPattern) }

@Suite struct SafetensorsTests {
  @Test func whatIsWrittenIsRead() throws {
    let tree = Pair()
    let bytes = document(tree).bytes
    #expect(bytes == document(tree).bytes)
    let header = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    #expect(header % 8 == 0)
    let file = try SafetensorsFile(bytes: bytes, file: "x")
    #expect(file.metadata == ["a": "ä", "b": "\"quoted\"\n"])
    #expect(file.entries.map(\.name) == ["weight", "bias", "inner.0", "inner.1"])
    #expect(file.entries.map(\.shape) == [[2, 3], [3], [], [0, 4]])
    let read = try tree.mapTensors { Tensor.zeros($1.shape) }.loaded(from: file)
    #expect(read.namedTensors.map(\.path) == tree.namedTensors.map(\.path))
    #expect(read.tensors.map(bits) == tree.tensors.map(bits))
  }

  @Test func everyElementTypeIsRead() throws {
    func read(_ type: String, _ data: [UInt8]) throws -> (SafetensorsFile, [Float]) {
      let width = try #require(TensorElement(rawValue: type)).byteCount
      let header =
        #"{"t":{"dtype":"\#(type)","shape":[\#(data.count / width)],"data_offsets":[0,\#(data.count)]}}"#
      let file = try SafetensorsFile(bytes: safetensorsBytes(header, data: data), file: "x")
      return (file, try file.tensor("t").elements)
    }
    func bytes(_ values: some Sequence<some FixedWidthInteger>) -> [UInt8] {
      values.flatMap { value in
        stride(from: 0, to: value.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: value >> $0) }
      }
    }
    #expect(try read("BOOL", [0, 1, 1]).0.integers("t") == [0, 1, 1])
    #expect(try read("U8", [0, 255]).0.integers("t") == [0, 255])
    #expect(try read("I8", bytes([Int8(-128), 127])).0.integers("t") == [-128, 127])
    #expect(try read("U16", bytes([UInt16.max])).0.integers("t") == [65535])
    #expect(try read("I16", bytes([Int16.min, -1])).0.integers("t") == [-32768, -1])
    #expect(try read("U32", bytes([UInt32.max])).0.integers("t") == [4_294_967_295])
    #expect(try read("I32", bytes([Int32.min, 5])).0.integers("t") == [-2_147_483_648, 5])
    #expect(try read("I64", bytes([Int64.min, .max])).0.integers("t") == [.min, .max])
    #expect(try read("U64", bytes([UInt64(7)])).0.integers("t") == [7])
    #expect(try read("I64", bytes([Int64(-3)])).1 == [-3])
    #expect(throws: TensorFileError.self) {
      try read("U64", bytes([UInt64.max])).0.integers("t")
    }
    #expect(throws: TensorFileError.self) {
      try read("F32", bytes([UInt32(0)])).0.integers("t")
    }
    let doubles = [0.1, -1e300, 1e-46].map(\.bitPattern)
    #expect(try read("F64", bytes(doubles)).1 == [0.1, -.infinity, 0])
    let half: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0001, 0x83FF, 0x7C00, 0xFC00, 0x3555, 0x8000]
    let halves = try read("F16", bytes(half)).1
    #expect(
      halves == [
        1, -2, 65504, 0x1p-24, -1023 * 0x1p-24, .infinity, -.infinity, 0x1.554p-2, -0.0,
      ])
    #expect(halves.last?.sign == .minus)
    #expect(try read("F16", bytes([UInt16(0x7E00)])).1[0].isNaN)
    #expect(try read("BF16", bytes([UInt16(0x3F80), 0xC049])).1 == [1, -3.140625])
  }

  @Test func whatDoesNotFitIsSaidAllAtOnce() throws {
    var other = Pair()
    other.weight = Tensor.zeros([3, 2])
    other.bias = nil
    other.inner.append(Tensor(scalar: 1))
    let file = try SafetensorsFile(bytes: document(other, prefix: "m").bytes, file: "x")
    let error = #expect(throws: TensorMismatch.self) { try Pair().loaded(from: file, prefix: "m") }
    #expect(
      error?.description
        == "x does not fit: missing: m.bias; unexpected: m.inner.2; "
        + "m.weight has shape [3, 2], expected [2, 3]")
  }

  @Test func aFileOnDiskIsReadAsOneInMemory() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a.safetensors")
    try document(Pair()).write(to: path)
    #expect(try readFile(path) == document(Pair()).bytes)
    #expect(try folder.names == ["a.safetensors"])
    let read = try Pair().mapTensors { Tensor.zeros($1.shape) }
      .loaded(from: SafetensorsFile(path: path))
    #expect(read.tensors.map(bits) == Pair().tensors.map(bits))
    let missing = #expect(throws: TensorFileError.self) {
      try SafetensorsFile(path: folder.file("b"))
    }
    #expect(missing?.systemError?.isNoSuchFile == true)
    #expect(missing?.description == missing?.systemError?.description)
    #expect(throws: TensorFileError.self) { try SafetensorsFile(path: folder.path) }
    try AtomicFile.write([], to: path)
    #expect(throws: TensorFileError.self) { try SafetensorsFile(path: path) }
  }

  @Test func aModelFileHoldsWeightsAndConfiguration() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("model.safetensors")
    try ModelFile.write(Pair(), configuration: ["hidden": 64], to: path)
    let file = try ModelFile(path: path)
    #expect(file.configuration == ["hidden": 64])
    #expect(file.tensors.entries.map(\.name) == ["weight", "bias", "inner.0", "inner.1"])
    #expect(
      file.tensors.metadata
        == ["recurrent": #"{"kind":"model","version":1,"configuration":{"hidden":64}}"#])
    let read = try Pair().loaded(from: file.tensors)
    #expect(read.tensors.map(bits) == Pair().tensors.map(bits))
  }

  @Test func aPrefixLooksAtItsOwnTensorsOnly() throws {
    var both = document(Pair(), prefix: "model")
    both.append("modelling", Tensor(scalar: 3))
    let file = try SafetensorsFile(bytes: both.bytes, file: "x")
    let read = try Pair().loaded(from: file, prefix: "model")
    #expect(read.tensors.map(bits) == Pair().tensors.map(bits))
  }
}
