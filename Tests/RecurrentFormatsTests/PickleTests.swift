import RecurrentCore
import RecurrentFormats
import TestSupport
import Testing

/// Pickles that are up to something, each in a checkpoint of its own.
@Suite struct PickleTests {
  @Test func aCheckpointMadeByHandIsRead() throws {
    let archive = try TensorArchive(
      bytes: PickleBytes.checkpoint(PickleBytes.dictionary(PickleBytes.tensor())), file: "x")
    #expect(archive.entries.map(\.name) == ["a"] && archive.entries[0].shape == [2, 3])
    let one = Float(bitPattern: 0x0101_0101)
    #expect(try archive.tensor("a").elements == Array(repeating: one, count: 6))
    let only = try TensorArchive(
      bytes: PickleBytes.checkpoint([0x80, 2] + PickleBytes.tensor() + [0x2E]),
      file: "folder/bias.pt")
    #expect(only.entries.map(\.name) == ["bias"])
  }

  static let hostile: [(pickle: [UInt8], says: String)] = [
    ([], "not a pickle"),
    ([0x80, 1, 0x4E, 0x2E], "protocol 1"),
    ([0x80, 6, 0x4E, 0x2E], "protocol 6"),
    ([0x80, 2], "cut short"),
    ([0x80, 2, 0x2E], "does not end with a value"),
    ([0x80, 2, 0x4E, 0x4E, 0x2E], "does not end with a value"),
    ([0x80, 2, 0x4E, 0x2E, 0x4E], "behind the pickle's end"),
    ([0x80, 2, 0x30, 0x2E], "a value is missing"),
    ([0x80, 2, 0x28, 0x85, 0x2E], "a value is missing"),
    ([0x80, 2, 0x74, 0x2E], "a mark is missing"),
    ([0x80, 2, 0x68, 9, 0x2E], "nothing was kept under 9"),
    ([0x80, 2, 0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E], "cut short"),
    ([0x80, 4, 0x8D, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E], "cut short"),
    ([0x80, 4, 0x8E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0x2E], "cut short"),
    ([0x80, 4, 0x8C, 1, 0xFF, 0x2E], "not UTF-8"),
    ([0x80, 2, 0x49, 0x31, 0x0A, 0x2E], "0x49"),
    ([0x80, 2, 0x5D, 0x4E, 0x73, 0x2E], "a value is missing"),
    ([0x80, 2, 0x5D, 0x4E, 0x4E, 0x73, 0x2E], "no dictionary"),
    ([0x80, 2, 0x7D, 0x28, 0x4E, 0x75, 0x2E], "a key without a value"),
    // l = []; l.append(l)
    ([0x80, 2, 0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E], "contains itself"),
    // d = {}; d["a"] = d
    ([0x80, 2, 0x7D, 0x71, 0] + PickleBytes.text("a") + [0x68, 0, 0x73, 0x2E], "contains itself"),
    (
      [0x80, 2] + Array(repeating: 0x5D, count: 200) + Array(repeating: 0x61, count: 199) + [0x2E],
      "nested more than"
    ),
    (
      [0x80, 2] + PickleBytes.global("os", "system") + PickleBytes.tuple([PickleBytes.text("echo")])
        + [0x52, 0x2E], "os.system: only"
    ),
    (
      [0x80, 4] + PickleBytes.text("builtins") + PickleBytes.text("eval") + [0x93, 0x2E],
      "builtins.eval: only state dicts"
    ),
    (
      [0x80, 2] + PickleBytes.global("torch.jit", "a\u{1b}[31m b") + [0x2E],
      "\"torch.jit.a\\u{1B}[31m b\""
    ),
    ([0x80, 2, 0x4E, 0x29, 0x52, 0x2E], "a call of something without a name"),
    (
      [0x80, 2] + PickleBytes.global("torch", "float32") + [0x29, 0x52, 0x2E], "is not plain data"
    ),
    (
      [0x80, 2] + PickleBytes.global("torch", "float32") + [0x4E, 0x62, 0x2E],
      "attributes of something else"
    ),
    ([0x80, 2] + PickleBytes.text("a") + [0x51, 0x2E], "not said by a tuple"),
    (
      [0x80, 2] + PickleBytes.tuple([PickleBytes.text("storage")]) + [0x51, 0x2E],
      "numbers that are no tensor's"
    ),
    (
      PickleBytes.dictionary(PickleBytes.tensor(storage: "ComplexFloatStorage")),
      "torch.ComplexFloatStorage: only"
    ),
    (
      PickleBytes.dictionary(PickleBytes.tensor(storage: "UntypedStorage", count: 24)),
      "type is not known"
    ),
    (PickleBytes.dictionary(PickleBytes.tensor(key: "1")), "\"a/data/1\", which is not there"),
    (PickleBytes.dictionary(PickleBytes.tensor(key: "../0")), "which is not there"),
    (PickleBytes.dictionary(PickleBytes.tensor(count: 7)), "7 elements were to be there"),
    (PickleBytes.dictionary(PickleBytes.tensor(count: -1)), "damaged"),
    (PickleBytes.dictionary(PickleBytes.tensor(count: .max)), "elements were to be there"),
    (PickleBytes.dictionary(PickleBytes.tensor(offset: 1)), "reaches beyond its numbers"),
    (PickleBytes.dictionary(PickleBytes.tensor(offset: -1)), "damaged"),
    (PickleBytes.dictionary(PickleBytes.tensor(offset: .max)), "reaches beyond"),
    (PickleBytes.dictionary(PickleBytes.tensor(shape: [2, 4])), "reaches beyond"),
    (PickleBytes.dictionary(PickleBytes.tensor(shape: [2])), "damaged"),
    (PickleBytes.dictionary(PickleBytes.tensor(strides: [3, -1])), "damaged"),
    (PickleBytes.dictionary(PickleBytes.tensor(strides: [.max, 1])), "reaches beyond"),
    (
      PickleBytes.dictionary(PickleBytes.tensor(shape: [.max, 2], strides: [0, 0])),
      "memory can hold"
    ),
    (
      PickleBytes.dictionary(PickleBytes.tensor(shape: [1 << 40, 2], strides: [0, 0])),
      "much larger than the file"
    ),
    (
      PickleBytes.dictionary([0x80, 2] + PickleBytes.text("b")) + [0x2E], "behind the pickle's end"
    ),
    // {"a": tensor, "a": tensor}
    (
      [0x80, 2, 0x7D] + PickleBytes.text("a") + PickleBytes.tensor() + [0x73]
        + PickleBytes.text("a") + PickleBytes.tensor() + [0x73, 0x2E],
      "two tensors have this name"
    ),
    ([0x80, 2, 0x7D, 0x4E] + PickleBytes.tensor() + [0x73, 0x2E], "a key that is neither"),
  ]

  @Test(arguments: hostile.indices)
  func aPickleThatLiesIsRefused(index: Int) {
    let (pickle, says) = Self.hostile[index]
    let error = #expect(throws: TensorFileError.self) {
      try TensorArchive(bytes: PickleBytes.checkpoint(pickle), file: "lying.pt")
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("lying.pt: ") && text.contains(says), "\(text)")
    #expect(!text.contains("\n") && error?.offset != nil, "\(text)")
  }

  /// Each list holds the one before ten times: a few hundred bytes that would become 10^20 values.
  @Test func sharedObjectsAreNotUnfoldedWithoutEnd() {
    var pickle: [UInt8] = [0x80, 2, 0x5D] + PickleBytes.tensor() + [0x61, 0x71, 0]
    for level in 1...20 as ClosedRange<UInt8> {
      pickle += [0x30, 0x5D, 0x28] + Array(repeating: [0x68, level - 1], count: 10).joined()
      pickle += [0x65, 0x71, level]
    }
    let error = #expect(throws: TensorFileError.self) {
      try TensorArchive(bytes: PickleBytes.checkpoint(pickle + [0x2E]), file: "x")
    }
    #expect(error?.message.contains("shared objects are unfolded") == true)
  }

  /// A name of many letters, shared by many nested dictionaries.
  @Test func namesStaySmallBesideTheFile() {
    let name = String(repeating: "n", count: 255)
    var pickle: [UInt8] =
      [0x80, 2] + PickleBytes.tensor() + [0x71, 0] + PickleBytes.text(name) + [0x71, 1, 0x30]
    for _ in 0..<90 { pickle += [0x71, 2, 0x30, 0x7D, 0x68, 1, 0x68, 2, 0x73] }
    pickle +=
      [0x71, 3, 0x30, 0x5D, 0x28] + Array(repeating: [0x68, 3], count: 5000).joined() + [0x65]
    let error = #expect(throws: TensorFileError.self) {
      try TensorArchive(bytes: PickleBytes.checkpoint(pickle + [0x2E]), file: "x")
    }
    #expect(error?.message.contains("shared objects are unfolded") == true)
  }
}
