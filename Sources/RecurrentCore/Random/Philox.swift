/// The counter-based generator Philox4x32-10: a bijection of 128-bit counters for every 64-bit key,
/// whose values pass for random.
///
/// Salmon, Moraes, Dror & Shaw: Parallel random numbers: as easy as 1, 2, 3 (2011).
enum Philox {
  /// Eight counters are worked on side by side, for the sake of the machine's vectors.
  typealias Words = SIMD8<UInt32>

  /// The four words of each of eight counters.
  @inline(__always)
  static func words(
    _ counter: (Words, Words, Words, Words), key: (UInt32, UInt32)
  ) -> (Words, Words, Words, Words) {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let (high0, low0) = product(0xD251_1F53, c0)
      let (high1, low1) = product(0xCD9E_8D57, c2)
      (c0, c1, c2, c3) = (
        high1 ^ c1 ^ Words(repeating: k0), low1, high0 ^ c3 ^ Words(repeating: k1), low0
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }

  /// The four words of one counter.
  static func words(
    _ counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> SIMD4<UInt32> {
    let all = words(
      (
        Words(repeating: counter.0), Words(repeating: counter.1), Words(repeating: counter.2),
        Words(repeating: counter.3)
      ), key: key)
    return SIMD4(all.0[0], all.1[0], all.2[0], all.3[0])
  }

  @inline(__always)
  private static func product(_ factor: UInt32, _ words: Words) -> (high: Words, low: Words) {
    let wide = SIMD8<UInt64>(truncatingIfNeeded: words) &* UInt64(factor)
    return (Words(truncatingIfNeeded: wide &>> 32), Words(truncatingIfNeeded: wide))
  }
}
