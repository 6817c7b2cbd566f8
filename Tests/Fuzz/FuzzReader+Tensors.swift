import RecurrentCore
import RecurrentFormats
import TestSupport

/// Reads everything in a file, every way there is.
private func readAll(_ bytes: [UInt8], file: String) throws {
  let archive: TensorArchive
  do { archive = try TensorArchive(bytes: bytes, file: file) } catch {
    precondition(error.offset.map { 0...bytes.count ~= $0 } ?? true, "\(error)")
    throw error
  }
  for entry in archive.entries {
    let tensor = try archive.tensor(entry.name)
    precondition(tensor.shape == entry.shape, "\(entry)")
    _ = try archive.data(entry.name)
    if entry.element.isInteger { _ = try? archive.integers(entry.name) }
  }
}

private let numbers = TensorData(Tensor((0..<6).map { Float($0) }, shape: [2, 3]))
private let integers = TensorData([1, -2, 3], shape: [3, 1])
private let halves = TensorData(element: .bfloat16, shape: [2], bytes: [0, 1, 2, 3])

extension FuzzReader {
  static var safetensors: FuzzReader {
    var document = SafetensorsDocument(metadata: ["key": "value", "ä": "\u{1}\\"])
    document.append("first", numbers)
    document.append("second.integers", integers)
    document.append("halves", halves)
    let empty = SafetensorsDocument().bytes
    return FuzzReader(name: "safetensors", corpus: [document.bytes, empty]) { bytes in
      try readAll(bytes, file: "a.safetensors")
    }
  }

  /// The header alone, with the right length in front of it whatever becomes of it.
  static var safetensorsHeader: FuzzReader {
    let corpus = [
      #"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}"#,
      #"{"__metadata__":{"k":"v\u00e4"},"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"BF16","shape":[2,2,2],"data_offsets":[8,24]}}"#,
    ].map { Array($0.utf8) }
    let bombs = ["0,", "[],", "\"\",", "{},", "[", "{\"a\":"].map { piece in
      Array("{\"a\":{\"shape\":[".utf8) + mebibyte(of: Array(piece.utf8))
    }
    return FuzzReader(name: "safetensors-header", corpus: corpus, bombs: bombs) { header in
      let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
      let data = Array(repeating: 1 as UInt8, count: 24)
      try readAll(length + header + data, file: "a.safetensors")
    }
  }

  static var npy: FuzzReader {
    let data = Array(repeating: 3 as UInt8, count: 24)
    let corpus =
      [numbers, integers, halves].map(NPYFile.bytes) + [
        npyBytes("{'descr': '>f8', 'fortran_order': True, 'shape': (3, 1), }\n", data: data),
        npyBytes(
          "{'shape': (2L, 3), 'fortran_order': True, 'descr': '<u4'}", data: data, version: 2),
        npyBytes(
          "{\"shape\": (), \"fortran_order\": False, \"descr\": \"|b1\"}", data: [1], version: 3),
      ]
    let bombs = ["0,", " ", "'", "'a':"].map { piece in
      npyBytes("{'shape': (" + String(repeating: piece, count: 1 << 18), version: 3)
    }
    return FuzzReader(name: "npy", corpus: corpus, bombs: bombs) { try readAll($0, file: "a.npy") }
  }

  static var npz: FuzzReader {
    var document = NPZDocument()
    document.append("first", numbers)
    document.append("folder/second", integers)
    // Without checksums, so that changes get beyond them.
    let unchecked = zipBytes([
      ("a.npy", NPYFile.bytes(of: numbers)), ("b.npy", NPYFile.bytes(of: integers)),
    ])
    let corpus = [document.bytes, unchecked, NPZDocument().bytes]
    // As many entries as fit, of no content, and one that is all of them.
    let many = zipBytes((0..<9000).map { (String(100_000 + $0), []) })
    let large = zipBytes([("a.npy", mebibyte(of: [0x50, 0x4B, 3, 4, 0, 0, 0, 0]))])
    return FuzzReader(name: "npz", corpus: corpus, bombs: [many, large]) { bytes in
      try readAll(bytes, file: "a.npz")
    }
  }

  private static var pickles: [[UInt8]] {
    [
      PickleBytes.dictionary(PickleBytes.tensor()),
      PickleBytes.dictionary(
        PickleBytes.tensor(count: 6, offset: 1, shape: [2, 2], strides: [1, 2])),
      [0x80, 2] + PickleBytes.tensor() + [0x2E],
      PickleBytes.stateDict,
    ]
  }

  /// The archive, without checksums.
  static var pytorch: FuzzReader {
    FuzzReader(name: "pytorch", corpus: pickles.map(PickleBytes.checkpoint)) { bytes in
      try readAll(bytes, file: "a.pt")
    }
  }

  /// The pickle alone, in an archive that is right.
  static var pickle: FuzzReader {
    let pieces: [[UInt8]] = [
      [0x4E], [0x29], [0x5D], [0x7D], [0x28], [0x8F], [0x4E, 0x94], [0x5D, 0x94], [0x4E, 0x85],
      [0x8C, 0], [0x43, 0], [0x32], [0x5D, 0x61], [0x68, 0], [0x68, 0, 0x68, 0, 0x86],
      PickleBytes.tensor(),
    ]
    let bombs = pieces.map { [0x80, 4, 0x4E, 0x94] + mebibyte(of: $0) + [0x2E] }
    return FuzzReader(name: "pickle", corpus: pickles, bombs: bombs) { pickle in
      try readAll(PickleBytes.checkpoint(pickle), file: "a.pt")
    }
  }
}
