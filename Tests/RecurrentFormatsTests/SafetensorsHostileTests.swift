import RecurrentCore
import RecurrentFormats
import TestSupport
import Testing

/// Files that lie: always an error with a sentence, never a trap.
@Suite struct SafetensorsHostileTests {
  private static let float = #""dtype":"F32","shape":[1],"data_offsets":[0,4]"#
  private static let largest = Int.max

  static let headers: [(header: String, dataCount: Int, says: String)] = [
    ("", 0, "no {"),
    ("[]", 0, "no {"),
    (" {}", 0, "no {"),
    ("{", 0, "in the header"),
    ("{} {}", 0, "in the header"),
    ("{\"\u{1}\":1}", 0, "in the header"),
    (#"{"a":{\#(float)},"a":{\#(float)}}"#, 4, "stands twice"),
    (#"{"__metadata__":[]}"#, 0, "not an object"),
    (#"{"__metadata__":{"a":1}}"#, 0, "no string"),
    (#"{"a":1}"#, 0, "no dtype"),
    (#"{"a":{}}"#, 0, "no dtype"),
    (#"{"a":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}"#, 4, "no dtype"),
    (#"{"a":{"dtype":"F9","shape":[1],"data_offsets":[0,4]}}"#, 4, "cannot be read"),
    (#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4, "no shape"),
    (#"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, 4, "no shape"),
    (#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4, "not a count"),
    (#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, 4, "not a count"),
    (#"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, 4, "not a count"),
    (#"{"a":{"dtype":"F32","shape":[1e30],"data_offsets":[0,4]}}"#, 4, "not a count"),
    (#"{"a":{"dtype":"F32","shape":[\#(largest)],"data_offsets":[0,4]}}"#, 4, "memory can hold"),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}"#, 0,
      "memory can hold"
    ),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, 4, "no data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4, "no data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4, "no data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4, "reach from"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, 4, "reach from"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,\#(largest)]}}"#, 4, "cut short"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[\#(largest),\#(largest)]}}"#, 4, "cut"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 3, "cut short"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, 4, "takes 8 bytes"),
    (#"{"a":{"dtype":"F32","shape":[],"data_offsets":[0,8]}}"#, 8, "takes 4 bytes"),
    (#"{"a":{\#(float)},"b":{\#(float)}}"#, 4, "overlaps"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "overlaps"
    ),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8, "before it belong to no"),
    (#"{"a":{\#(float)}}"#, 8, "at the end belong to no"),
    ("{}", 1, "at the end belong to no"),
  ]

  @Test(arguments: headers.indices)
  func aHeaderThatLiesIsRefused(index: Int) {
    let (header, dataCount, says) = Self.headers[index]
    let bytes = safetensorsBytes(header, data: Array(repeating: 0, count: dataCount))
    let error = #expect(throws: TensorFileError.self) {
      try SafetensorsFile(bytes: bytes, file: "lying.safetensors")
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("lying.safetensors: ") && text.contains(says), "\(text)")
    #expect(!text.contains("\n"))
  }

  @Test func aLengthThatLiesIsRefused() {
    for length in [1, 9, 255, 1 << 20, 1 << 40, UInt64.max, UInt64(Int64.max), 1 << 63] {
      let bytes = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [0x7B]
      #expect(throws: TensorFileError.self) { try SafetensorsFile(bytes: bytes, file: "x") }
    }
  }

  private var small: [UInt8] {
    var document = SafetensorsDocument(metadata: ["key": "value"])
    document.append("first", Tensor([1, 2, 3], shape: [3, 1]))
    document.append("second", Tensor(scalar: 4))
    return document.bytes
  }

  @Test func aFileCutAnywhereIsRefused() throws {
    let whole = small
    _ = try SafetensorsFile(bytes: whole, file: "x")
    for count in 0..<whole.count {
      #expect(throws: TensorFileError.self, "cut after \(count) bytes") {
        try SafetensorsFile(bytes: Array(whole[..<count]), file: "x")
      }
    }
    #expect(throws: TensorFileError.self) { try SafetensorsFile(bytes: whole + [0], file: "x") }
  }

  /// Not all are errors (a changed name is a name), but none traps, and what is read has its shape.
  @Test func aFileWithAChangedByteIsReadOrRefused() {
    let whole = small
    for index in 0..<whole.count - 16 {
      for change in [0x01, 0x02, 0x10, 0x80, 0xFF] as [UInt8] {
        var bytes = whole
        bytes[index] ^= change
        guard let file = try? SafetensorsFile(bytes: bytes, file: "x") else { continue }
        for entry in file.entries {
          let tensor = try? file.tensor(entry.name)
          #expect(tensor?.shape == entry.shape)
        }
      }
    }
  }
}
