import RecurrentCore
import TestSupport
import Testing

@Suite struct RandomKeyTests {
  /// Random123's own `kat_vectors`, philox4x32 with 10 rounds.
  @Test func philoxGivesThePublishedAnswers() {
    let all = UInt32.max
    #expect(
      Philox.words((0, 0, 0, 0), key: (0, 0))
        == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    #expect(
      Philox.words((all, all, all, all), key: (all, all))
        == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.words(
        (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  static let key = RandomKey(seed: 0x0123_4567_89ab_cdef)

  /// Made with a second implementation, in Python, and SciPy's quantile: `ndtri`.
  @Test(
    arguments: [
      (0, 0xb850_222e, 0x3f38_5022, 0x3f15_2fcb),
      (1, 0xc58c_b04b, 0x3f45_8cb0, 0x3f3e_8ff8),
      (5, 0x523e_0d85, 0x3ea4_7c1a, 0xbeed_a904),
      (1_000_003, 0xcdd4_a776, 0x3f4d_d4a7, 0x3f5b_28bd),
      (1 << 40 | 2, 0x9386_2a6b, 0x3f13_862a, 0x3e44_f763),
    ] as [(Int, UInt32, UInt32, UInt32)])
  func numbersAreTheSameOnEveryMachine(
    place: Int, bits: UInt32, uniform: UInt32, normal: UInt32
  ) {
    #expect(Self.key.bits(at: place) == bits)
    #expect(Self.key.uniform(at: place).bitPattern == uniform)
    #expect(Self.key.normal(at: place).bitPattern == normal)
  }

  @Test func keysAreTheSameOnEveryMachine() {
    #expect(Self.key.seed == 0x0123_4567_89ab_cdef)
    #expect(Self.key.split(2).map(\.seed) == [0x6c10_844b_fa9d_ff5e, 0x8e9e_98b3_f11f_c46f])
    #expect(Self.key.folded(7).seed == 0x5725_5b14_8459_967d)
    #expect(Self.key.folded(-1).seed == 0x004c_1cdd_bd23_c35b)
    #expect(Self.key.folded("weight").seed == 0xfa35_b9fe_0fb7_657e)
    #expect(Self.key.permutation(10) == [3, 7, 2, 8, 9, 1, 4, 0, 5, 6])
  }

  @Test func keysDoNotMeet() {
    var seen: Set<RandomKey> = [Self.key]
    var count = 1
    for key in [Self.key] + Self.key.split(20) {
      for other in key.split(20) + (0..<20).map(key.folded) + ["", "0", "a"].map(key.folded) {
        seen.insert(other)
        count += 1
      }
    }
    // The 20 keys of the first split come twice: they are split themselves.
    #expect(seen.count == count)
  }

  @Test(arguments: [0, 1, 3, 33, 8191, 8192, 8193, 20_001])
  func aTensorHoldsTheKeysSequence(count: Int) {
    for machine in Machine.all {
      let uniform = Tensor.uniform([count], in: -2..<3, key: Self.key, on: machine.context)
      let normal = Tensor.normal(
        [count], mean: 1, deviation: 2, key: Self.key, on: machine.context)
      for place in stride(from: 0, to: count, by: 1 + count / 100) {
        #expect(uniform.elements[place] == Self.key.uniform(at: place, in: -2..<3))
        #expect(abs(normal.elements[place] - (1 + 2 * Self.key.normal(at: place))) < 1e-5)
      }
    }
  }

  @Test func uniformNumbersFillTheirRange() {
    let count = 100_000
    let numbers = Tensor.uniform([count], in: 3..<5, key: Self.key).elements.sorted()
    #expect(numbers.first! >= 3 && numbers.last! < 5)
    // Kolmogorov and Smirnov's distance; it exceeds 1.95 / √n once in a thousand keys.
    let distance = numbers.enumerated().reduce(0) { worst, number in
      max(worst, abs(Double(number.element - 3) / 2 - Double(number.offset) / Double(count)))
    }
    #expect(distance < 1.95 / Double(count).squareRoot())
    // Even where there is hardly a number between the bounds.
    let narrow: Range<Float> = 1..<Float(1).nextUp
    #expect((0..<1000).allSatisfy { Self.key.uniform(at: $0, in: narrow) == 1 })
  }

  @Test func normalNumbersAreNormal() {
    let count = 100_000
    let numbers = Tensor.normal([count], key: Self.key).elements.sorted()
    let distance = numbers.enumerated().reduce(0) { worst, number in
      max(
        worst,
        abs(normalDistribution(Double(number.element)) - Double(number.offset) / Double(count)))
    }
    #expect(distance < 1.95 / Double(count).squareRoot())
  }

  /// The quantile is the inverse of the distribution, out to the farthest word.
  @Test func theQuantileInvertsTheDistribution() {
    var words: [UInt32] = [0, 1, 2, 1000, 322_122_547, 322_122_548, 1 << 31 - 1]
    words += (0..<1000).map { Self.key.bits(at: $0) }
    for word in words.flatMap({ [$0, ~$0] }) {
      let position = (Double(word) + 0.5) / 0x1p32
      let found = normalDistribution(normalQuantile(ofWord: word))
      let tail = min(position, 1 - position)
      #expect(abs(found - position) <= 1e-12 * tail + 2e-16, "\(word)")
    }
  }

  @Test func permutationsHoldEveryNumberOnce() {
    for count in [0, 1, 2, 1000] {
      #expect(Self.key.permutation(count).sorted() == Array(0..<count))
    }
    // Every order of three is about equally frequent.
    var counts: [[Int]: Int] = [:]
    for round in 0..<6000 { counts[Self.key.folded(round).permutation(3), default: 0] += 1 }
    #expect(counts.count == 6 && counts.values.allSatisfy { abs($0 - 1000) < 130 })
  }

  @Test func dropoutKeepsTheMean() {
    let x = Tensor(repeating: 2, shape: [100, 1000])
    for machine in Machine.all {
      let (_, gradient, y) = valueAndGradient(of: x) { x in
        let y = dropout(x, probability: 0.25, key: Self.key)
        return (y.sum(), y.detached)
      }
      let dropped = y.elements.filter { $0 == 0 }.count
      #expect(abs(dropped - 25_000) < 600, "\(machine)")
      #expect(y.elements.allSatisfy { $0 == 0 || $0 == 2 / 0.75 })
      #expect(gradient.elements == y.elements.map { $0 / 2 })
    }
    #expect(dropout(x, probability: 0, key: Self.key).elements == x.elements)
    #expect(dropout(x, probability: 1, key: Self.key).elements.allSatisfy { $0 == 0 })
  }
}
