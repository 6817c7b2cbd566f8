import RecurrentCore
import RecurrentFormats
import TestSupport
import Testing

/// Zip files that are not what they should be, seen through the reader of `.npz`.
@Suite struct ZipTests {
  private var whole: [UInt8] {
    var document = NPZDocument()
    document.append("first", TensorData([1, 2, 3], shape: [3]))
    document.append("second", TensorData([4], shape: []))
    return document.bytes
  }

  /// Where the records of the directory begin, and the end.
  private func places(_ bytes: [UInt8]) -> (entries: [Int], end: Int) {
    func all(_ magic: [UInt8]) -> [Int] {
      (0..<bytes.count - 3).filter { bytes[$0..<$0 + 4].elementsEqual(magic) }
    }
    return (all([0x50, 0x4B, 1, 2]), all([0x50, 0x4B, 5, 6])[0])
  }

  private func refusal(_ bytes: [UInt8]) -> String {
    let error = #expect(throws: TensorFileError.self) {
      let archive = try NPZFile(bytes: bytes, file: "x.npz").archive
      for entry in archive.entries { _ = try archive.tensor(entry.name) }
    }
    return error?.description ?? ""
  }

  private func changed(_ change: (inout [UInt8], (entries: [Int], end: Int)) -> Void) -> [UInt8] {
    var bytes = whole
    let places = places(bytes)
    change(&bytes, places)
    return bytes
  }

  @Test func whatIsChangedIsSeen() {
    #expect(refusal(changed { $0[$1.entries[0] + 10] = 8 }).contains("do not agree"))
    #expect(
      refusal(
        changed {
          $0[$1.entries[0] + 10] = 8
          $0[8] = 8
        }
      ).contains("\"first.npy\" is deflated, only stored ones are read: save with np.savez"))
    #expect(refusal(changed { $0[$1.entries[0] + 8] = 1 }).contains("encrypted"))
    #expect(refusal(changed { bytes, _ in bytes[6] = 1 }).contains("encrypted"))
    #expect(refusal(changed { $0[$1.entries[0] + 16] ^= 1 }).contains("checksum"))
    #expect(refusal(changed { bytes, _ in bytes[195] ^= 1 }).contains("checksum"))
    #expect(refusal(changed { bytes, _ in bytes[30] ^= 1 }).contains("do not agree"))
    #expect(refusal(changed { $0[$1.entries[0] + 24] ^= 1 }).contains("would have"))
    #expect(refusal(changed { $0[$1.end + 10] = 3 }).contains("several parts"))
    #expect(refusal(changed { $0[$1.end + 4] = 1 }).contains("several parts"))
    #expect(refusal(changed { $0[$1.end + 16] ^= 1 }).contains("does not end where"))
    // The second entry's header is said to be where the first's is.
    #expect(
      refusal(
        changed {
          for byte in 42..<46 { $0[$1.entries[1] + byte] = 0 }
        }
      ).contains("do not agree"))
    #expect(
      refusal(
        changed {
          for byte in [20, 21, 24, 25] { $0[$1.entries[1] + byte] = 0xFF }
        }
      ).contains("beyond the file"))
    #expect(refusal(whole + [0]).contains("no directory at its end"))
    #expect(refusal([]).contains("cut short"))
  }

  /// Two entries of one place, and one in the other: what a zip bomb is made of.
  @Test func entriesThatShareBytesAreRefused() {
    func listing(_ names: [String]) -> [UInt8] {
      var document = NPZDocument()
      for name in names { document.append(name, TensorData([1], shape: [1])) }
      return document.bytes
    }
    var bytes = listing(["aaaa", "bbbb"])
    let (entries, end) = places(bytes)
    let record = Array(bytes[entries[0]..<entries[1]])
    bytes.replaceSubrange(entries[1]..<end, with: record)
    #expect(refusal(bytes).contains("is there twice"))
    // A name of another case of the same header cannot be had: names have to agree. So the larger
    // entry is made to reach over the one behind it.
    var over = listing(["aaaa", "bbbb"])
    for place in [places(over).entries[0] + 20, places(over).entries[0] + 24] {
      over[place] = over[place] &+ 8
    }
    #expect(refusal(over).contains("overlaps"))
  }

  @Test func namesThatLeadElsewhereAreRefused() {
    for name in ["../a", "/a", "a/../b", "a\\b", "a\nb", "\u{0}"] {
      var document = NPZDocument()
      document.append(name, TensorData([1], shape: [1]))
      let text = refusal(document.bytes)
      #expect(!NPZDocument.canHave(name) && text.contains("is not one for an entry"), "\(text)")
      #expect(!text.contains("\n"))
    }
  }

  @Test func aFileCutAnywhereIsRefused() {
    let whole = whole
    for count in 0..<whole.count {
      #expect(throws: TensorFileError.self, "cut after \(count) bytes") {
        try NPZFile(bytes: Array(whole[..<count]), file: "x")
      }
    }
  }
}
