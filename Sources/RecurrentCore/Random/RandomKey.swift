/// Where random numbers come from: a key names a sequence of numbers, each of which can be made
/// without those before it, and keys of which further sequences can be made.
///
/// A key is a value. Using it twice gives the same numbers twice; whoever needs independent numbers
/// splits the key or folds a number or a name into it:
///
/// ```swift
/// let key = RandomKey(seed: 7)
/// let weight = Tensor.normal([4, 3], key: key.folded("weight"))
/// let epochKey = key.folded("shuffle").folded(epoch)
/// ```
/// The same key gives the same numbers on every machine.
public struct RandomKey: Sendable, Hashable {
  private let low: UInt32
  private let high: UInt32

  /// The key of a number.
  public init(seed: UInt64) {
    low = UInt32(truncatingIfNeeded: seed)
    high = UInt32(truncatingIfNeeded: seed >> 32)
  }

  /// The key as a number, from which `init(seed:)` makes it again: for checkpoints.
  public var seed: UInt64 { UInt64(high) << 32 | UInt64(low) }

  /// What a counter is used for: no two uses share a counter.
  private enum Use: UInt32 {
    case numbers, split, integer, text
  }

  @inline(__always)
  private func words(_ index: UInt64, _ use: Use) -> SIMD4<UInt32> {
    Philox.words(
      (
        UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), use.rawValue, 0
      ), key: (low, high))
  }

  private func key(_ index: UInt64, _ use: Use) -> RandomKey {
    let words = words(index, use)
    return RandomKey(seed: UInt64(words[1]) << 32 | UInt64(words[0]))
  }

  // MARK: Further keys

  /// Independent keys.
  public func split(_ count: Int) -> [RandomKey] {
    (0..<count).map { key(UInt64($0), .split) }
  }

  /// An independent key for every number.
  public func folded(_ number: Int) -> RandomKey {
    key(UInt64(bitPattern: Int64(number)), .integer)
  }

  /// An independent key for every name.
  public func folded(_ name: String) -> RandomKey {
    // FNV-1a
    let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
      (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
    }
    return key(hash, .text)
  }

  // MARK: Numbers

  /// The word at a place of the key's sequence: 32 random bits.
  public func bits(at index: Int) -> UInt32 {
    words(UInt64(index / 4), .numbers)[index % 4]
  }

  /// Hands out the words at the places `range`, in order.
  @inline(__always)
  func forEachWord(in range: Range<Int>, _ body: (Int, UInt32) -> Void) {
    var place = range.lowerBound
    while place < range.upperBound {
      let words = words(UInt64(place / 4), .numbers)
      if place % 4 == 0 && place + 4 <= range.upperBound {
        body(place, words[0])
        body(place + 1, words[1])
        body(place + 2, words[2])
        body(place + 3, words[3])
        place += 4
      } else {
        body(place, words[place % 4])
        place += 1
      }
    }
  }

  /// The number at a place of the key's sequence, uniform in `range`.
  public func uniform(at index: Int, in range: Range<Float> = 0..<1) -> Float {
    UniformNumbers(range).number(bits(at: index))
  }

  /// The number at a place of the key's sequence, normal with mean 0 and deviation 1.
  public func normal(at index: Int) -> Float { Float(normalQuantile(ofWord: bits(at: index))) }

  /// The numbers 0 ..< count in a random order.
  public func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    // Fisher and Yates, from the end; two words to a choice, so that its bias is below 2⁻³² for
    // any count an array can have.
    for last in stride(from: count - 1, to: 0, by: -1) {
      let word = UInt64(bits(at: 2 * last)) << 32 | UInt64(bits(at: 2 * last + 1))
      let choice = Int(word.multipliedFullWidth(by: UInt64(last + 1)).high)
      order.swapAt(last, choice)
    }
    return order
  }
}

/// Words as numbers of a range.
struct UniformNumbers {
  private let lower: Double
  private let width: Double
  private let largest: Float

  init(_ range: Range<Float>) {
    precondition(
      !range.isEmpty && range.lowerBound.isFinite && range.upperBound.isFinite,
      "Uniform numbers need a range that is finite and not empty, found \(range)")
    lower = Double(range.lowerBound)
    width = Double(range.upperBound) - lower
    largest = range.upperBound.nextDown
  }

  /// The upper 24 bits of the word, as many as a Float holds, decide.
  @inline(__always)
  func number(_ word: UInt32) -> Float {
    min(Float(lower + Double(word >> 8) * 0x1p-24 * width), largest)
  }
}
