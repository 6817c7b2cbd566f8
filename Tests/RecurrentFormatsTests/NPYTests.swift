import RecurrentCore
import RecurrentFormats
import TestSupport
import Testing

@Suite struct NPYTests {
  /// Element k in row-major order is k, or k % 2: whatever the type, the order and the version.
  @Test func everyTypeAndOrderIsRead() throws {
    let archive = try TensorArchive(path: fixturePath("numpy_arrays.npz"))
    #expect(archive.format == .npz && archive.metadata.isEmpty)
    #expect(archive.entries.count == 250)
    var elements: Set<TensorElement> = []
    for entry in archive.entries {
      let shape = entry.name.split(separator: "-", omittingEmptySubsequences: false)[2]
        .split(separator: "x").map { Int($0)! }
      #expect(entry.shape == shape, "\(entry.name)")
      let expected = (0..<shape.reduce(1, *)).map { entry.element == .bool ? $0 % 2 : $0 }
      let tensor = try archive.tensor(entry.name)
      #expect(tensor.shape == shape && tensor.elements == expected.map(Float.init), "\(entry.name)")
      if entry.element.isInteger {
        #expect(try archive.integers(entry.name) == expected, "\(entry.name)")
      }
      let data = try archive.data(entry.name)
      let again = try NPYFile(bytes: NPYFile.bytes(of: data), file: "x")
      #expect(again.element == entry.element && again.shape == shape && again.data == data)
      #expect(again.tensor().elements == tensor.elements)
      elements.insert(entry.element)
    }
    #expect(elements == Set(TensorElement.allCases).subtracting([.bfloat16]))
  }

  @Test func whatIsWrittenIsWhatNumPyWrites() throws {
    for (name, data) in [
      ("float32", TensorData(Tensor((0..<6).map { Float($0) }, shape: [2, 3]))),
      ("int64", TensorData([7], shape: [])),
    ] {
      let path = fixturePath("numpy_save_\(name).npy")
      #expect(try NPYFile.bytes(of: data) == readFile(path), "\(name)")
      let file = try NPYFile(path: path)
      #expect(file.data == data && file.archive.entries[0].name == "numpy_save_\(name)")
    }
    let brainy = TensorData(element: .bfloat16, shape: [2], bytes: [0x80, 0x3F, 0xC0, 0xBF])
    #expect(
      try NPYFile(bytes: NPYFile.bytes(of: brainy), file: "x").tensor().elements == [1, -1.5])
    let many = TensorData(element: .uint8, shape: Array(repeating: 1, count: 60), bytes: [9])
    #expect(try NPYFile(bytes: NPYFile.bytes(of: many), file: "x").data == many)
  }

  @Test func npzIsWrittenAndRead() throws {
    var document = NPZDocument()
    document.append("weight", TensorData(Tensor((0..<6).map { Float($0) }, shape: [2, 3])))
    document.append("steps", TensorData([0, 1, 2, 3], shape: [4]))
    document.append("ä/b", TensorData(element: .bfloat16, shape: [1], bytes: [0x80, 0x3F]))
    let bytes = document.bytes
    #expect(bytes == document.bytes)
    let ours = try NPZFile(bytes: bytes, file: "x").archive
    #expect(ours.entries.map(\.name) == ["weight", "steps", "ä/b"])
    #expect(ours.entries.map(\.element) == [.float32, .int64, .float32])
    #expect(ours.entries.allSatisfy { $0.bytes.lowerBound % 64 == 0 })
    let theirs = try NPZFile(path: fixturePath("numpy_savez.npz")).archive
    for name in ["weight", "steps"] { #expect(try ours.data(name) == theirs.data(name)) }

    let folder = try TemporaryFolder()
    try document.write(to: folder.file("a.npz"))
    #expect(try readFile(folder.file("a.npz")) == bytes)
    #expect(try NPZFile(bytes: NPZDocument().bytes, file: "x").archive.entries.isEmpty)
  }

  static let headers: [(header: String, dataCount: Int, says: String)] = [
    ("", 0, "\"{\" is expected"),
    ("{}", 0, "lacks"),
    ("{'descr': '<f4', 'shape': (1,)}", 4, "lacks"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} 1", 4, "text behind"),
    ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 4, "not expected"),
    ("{'descr': '<f4', 'more': 1}", 4, "not expected"),
    ("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8, "Python objects"),
    ("{'descr': '<U3', 'fortran_order': False, 'shape': (1,)}", 12, "text is not read"),
    ("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", 8, "complex"),
    ("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", 16, "\"<f16\""),
    ("{'descr': '', 'fortran_order': False, 'shape': (1,)}", 16, "elements of type"),
    ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4, "records"),
    ("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", 4, "True or False"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", 4, "a size"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1.5,)}", 4, "is expected"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': 1}", 4, "is expected"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 4, "a size"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (\(Int.max),)}", 4, "memory can hold"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (\(Int.max), 0, 2)}", 0, "memory"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 4, "cut short"),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", 5, "1 bytes behind"),
    ("{'descr': '<f4\\n', 'fortran_order': False, 'shape': (1,)}", 4, "a letter"),
    ("{'descr': '<f4", 0, "a text does not end"),
  ]

  @Test(arguments: headers.indices)
  func aHeaderThatLiesIsRefused(index: Int) {
    let (header, dataCount, says) = Self.headers[index]
    for version in [1, 2, 3] as [UInt8] {
      let bytes = npyBytes(header, data: Array(repeating: 0, count: dataCount), version: version)
      let error = #expect(throws: TensorFileError.self) {
        try NPYFile(bytes: bytes, file: "lying.npy")
      }
      let text = error?.description ?? ""
      #expect(text.hasPrefix("lying.npy: byte ") && text.contains(says), "\(text)")
      #expect(!text.contains("\n"))
    }
  }

  @Test func aFileCutAnywhereIsRefused() throws {
    let whole = NPYFile.bytes(of: TensorData([1, 2, 3], shape: [3, 1]))
    for count in 0..<whole.count {
      #expect(throws: TensorFileError.self, "cut after \(count) bytes") {
        try NPYFile(bytes: Array(whole[..<count]), file: "x")
      }
    }
    #expect(throws: TensorFileError.self) { try NPYFile(bytes: whole + [0], file: "x") }
    for version in [0, 4, 255] as [UInt8] {
      var other = whole
      other[6] = version
      #expect(throws: TensorFileError.self) { try NPYFile(bytes: other, file: "x") }
    }
  }
}
