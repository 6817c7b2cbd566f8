import RecurrentCore
import RecurrentFormats
import TestSupport
import Testing

@Suite struct TorchCheckpointTests {
  /// Element k in row-major order is k, or k % 2: whatever the type and the strides.
  @Test func everyTypeAndViewIsRead() throws {
    let archive = try TensorArchive(path: fixturePath("pytorch_checkpoint.pt"))
    #expect(archive.format == .pytorch)
    for entry in archive.entries {
      let expected = (0..<entry.count).map { entry.element == .bool ? $0 % 2 : $0 }
      let tensor = try archive.tensor(entry.name)
      #expect(tensor.shape == entry.shape, "\(entry.name)")
      #expect(tensor.elements == expected.map(Float.init), "\(entry.name): \(tensor.elements)")
      if entry.element.isInteger { #expect(try archive.integers(entry.name) == expected) }
      #expect(try archive.data(entry.name).shape == entry.shape)
    }
    let types = archive.entries.filter { $0.name.hasPrefix("types.") }
    #expect(types.map { "types.\($0.element)" } == types.map(\.name))
    #expect(Set(types.map(\.element)) == Set(TensorElement.allCases))
    let shapes = Dictionary(uniqueKeysWithValues: archive.entries.map { ($0.name, $0.shape) })
    #expect(
      shapes.filter { !$0.key.hasPrefix("types.") } == [
        "views.whole": [3, 4], "views.scalar": [], "views.empty": [0, 3], "views.part": [2, 3],
        "views.transposed": [4, 3], "views.permuted": [2, 3, 4], "views.stepped": [3, 2],
        "views.expanded": [1, 1], "views.shared": [3, 4], "views.also-shared": [12],
        "module.weight": [2, 3], "module.bias": [2], "parameters.0": [3], "parameters.1.deep": [1],
        "by number.7": [1],
      ])
    #expect(
      archive.metadata == [
        "epoch": "3", "rate": "0.125", "name": "épreuve", "done": "false", "nothing": "null",
        "betas": "[0.9,0.999]", "large": "0x400000000000000000", "negative": "-5",
        "size": "[4,2]", "type": "torch.bfloat16", "device": "cpu", "nested.list.0": "[1,2]",
        "nested.list.1": "[3]",
      ])
  }

  @Test func whatWouldRunCodeIsRefusedByName() throws {
    for (name, says) in [
      (
        "pytorch_module.pt",
        "torch.nn.modules.rnn.LSTM: only state dicts are read; save model.state_dict()"
      ),
      ("pytorch_old.pt", "torch.save(torch.load(f), f)"),
    ] {
      let path = fixturePath(name)
      let error = #expect(throws: TensorFileError.self) { try TensorArchive(path: path) }
      #expect(error?.description.contains(says) == true, "\(String(describing: error))")
      #expect(error?.offset != nil)
      #expect(throws: TensorFileError.self) { try TorchCheckpoint(path: path) }
    }
  }

  @Test func damageIsSeenWhereItIsRead() throws {
    var bytes = try readFile(fixturePath("pytorch_checkpoint.pt"))
    let entry = try #require(
      try TensorArchive(bytes: bytes, file: "x").entry("module.weight"))
    bytes[entry.bytes.lowerBound + 5] ^= 1
    let archive = try TensorArchive(bytes: bytes, file: "x.pt")
    #expect(try archive.tensor("module.bias").elements == [0, 1])
    let error = #expect(throws: TensorFileError.self) { try archive.tensor("module.weight") }
    #expect(
      error?.description == "x.pt: byte \(entry.bytes.lowerBound): tensor \"module.weight\": "
        + "its bytes do not have their checksum")
  }

  /// A part of a checkpoint, whatever its format; damage is an error here too.
  @Test func aTreeTakesItsTensorsFromAnyFormat() throws {
    struct Module: TensorTree {
      var weight = Tensor.zeros([2, 3])
      var bias = Tensor.zeros([2])
      mutating func visit(_ visitor: inout some TensorVisitor) {
        visitor.visit("weight", &weight)
        visitor.visit("bias", &bias)
      }
    }
    let folder = try TemporaryFolder()
    let checkpoint = try TensorArchive(path: fixturePath("pytorch_checkpoint.pt"))
    for format in [TensorFormat.safetensors, .npz] {
      try checkpoint.write(to: folder.file(format.rawValue), as: format)
    }
    for path in [
      fixturePath("pytorch_checkpoint.pt"), folder.file("safetensors"), folder.file("npz"),
    ] {
      for prefix in ["module", "module."] {
        let module = try Module().loaded(from: TensorArchive(path: path), prefix: prefix)
        #expect(module.weight.elements == [0, 1, 2, 3, 4, 5] && module.bias.elements == [0, 1])
      }
    }
    var bytes = try readFile(fixturePath("pytorch_checkpoint.pt"))
    bytes[try #require(checkpoint.entry("module.weight")).bytes.lowerBound] ^= 1
    let damaged = try TensorArchive(bytes: bytes, file: "x.pt")
    #expect(throws: TensorFileError.self) { try Module().loaded(from: damaged, prefix: "module") }
    let other = #expect(throws: TensorMismatch.self) {
      try Module().loaded(from: checkpoint, prefix: "types")
    }
    #expect(other?.missing == ["types.weight", "types.bias"] && other?.unexpected.count == 13)
    #expect(
      other?.description.hasSuffix("types.float16, and 3 more") == true,
      "\(String(describing: other))")
  }
}
