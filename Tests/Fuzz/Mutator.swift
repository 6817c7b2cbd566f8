/// Random numbers that are the same everywhere: SplitMix64 (Steele, Lea & Flood 2014).
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

/// Makes files that are almost right.
struct Mutator {
  private let corpus: [[UInt8]]
  private var random: SplitMix64

  /// - Precondition: There is at least one file to begin with.
  init(_ corpus: [[UInt8]], seed: UInt64) {
    precondition(!corpus.isEmpty, "There is nothing to change")
    self.corpus = corpus
    random = SplitMix64(seed: seed)
  }

  /// One of the files with one change, or a few.
  mutating func file() -> [UInt8] {
    var bytes = corpus.randomElement(using: &random)!
    repeat { change(&bytes) } while Int.random(in: 0..<3, using: &random) == 0
    return bytes
  }

  /// What counts and sizes become.
  private static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 16, 63, 64, 127, 128, 255, 256, 1 << 15, 1 << 16 - 1, 1 << 16, 1 << 31 - 1,
    1 << 31, 1 << 32 - 1, 1 << 32, 1 << 62, 1 << 63 - 1, 1 << 63, .max - 1, .max,
  ]

  private mutating func change(_ bytes: inout [UInt8]) {
    switch Int.random(in: 0..<9, using: &random) {
    case 0: bytes.removeLast(bytes.count - place(in: bytes))
    case 1, 2:
      guard !bytes.isEmpty else { return }
      bytes[Int.random(in: 0..<bytes.count, using: &random)] ^=
        1 << UInt8.random(in: 0..<8, using: &random)
    case 3:
      guard !bytes.isEmpty else { return }
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
    case 4:
      let width = [1, 2, 4, 8].randomElement(using: &random)!
      guard bytes.count >= width else { return }
      let place = Int.random(in: 0...bytes.count - width, using: &random)
      let number = Self.numbers.randomElement(using: &random)!
      for byte in 0..<width {
        bytes[place + byte] = UInt8(truncatingIfNeeded: number >> UInt64(8 * byte))
      }
    case 5: bytes.removeSubrange(range(in: bytes))
    case 6:
      let piece = Array(bytes[range(in: bytes)])
      let times = Int.random(in: 1...8, using: &random)
      for _ in 0..<times { bytes.insert(contentsOf: piece, at: place(in: bytes)) }
    case 7:
      let other = corpus.randomElement(using: &random)!
      bytes.replaceSubrange(range(in: bytes), with: other[range(in: other)])
    default:
      let other = corpus.randomElement(using: &random)!
      bytes = Array(bytes[..<place(in: bytes)]) + other[place(in: other)...]
    }
  }

  private mutating func place(in bytes: [UInt8]) -> Int {
    Int.random(in: 0...bytes.count, using: &random)
  }

  /// Short more often than long.
  private mutating func range(in bytes: [UInt8]) -> Range<Int> {
    let start = place(in: bytes)
    let most = min(bytes.count - start, 1 << Int.random(in: 0...8, using: &random))
    return start..<start + Int.random(in: 0...most, using: &random)
  }
}
