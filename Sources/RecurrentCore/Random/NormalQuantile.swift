/// The standard normal's quantile at (word + ½) / 2³²: makes uniform words normal numbers, one for
/// one. The largest magnitude is 6.3.
///
/// Wichura's algorithm AS 241 (1988), on IEEE arithmetic alone: the last bits of a mathematical
/// library's functions differ from machine to machine.
package func normalQuantile(ofWord word: UInt32) -> Double {
  let position = (Double(word) + 0.5) * 0x1p-32
  let q = position - 0.5
  if abs(q) <= 0.425 {
    let r = 0.180625 - q * q
    let numerator = horner(
      r,
      2.509_080_928_730_122_672_7e+3, 3.343_057_558_358_812_810_5e+4,
      6.726_577_092_700_870_085_3e+4, 4.592_195_393_154_987_145_7e+4,
      1.373_169_376_550_946_112_5e+4, 1.971_590_950_306_551_442_7e+3,
      1.331_416_678_917_843_774_5e+2, 3.387_132_872_796_366_608_0e+0)
    let denominator = horner(
      r,
      5.226_495_278_852_854_561_0e+3, 2.872_908_573_572_194_267_4e+4,
      3.930_789_580_009_271_061_0e+4, 2.121_379_430_158_659_586_7e+4,
      5.394_196_021_424_751_107_7e+3, 6.871_870_074_920_579_083_0e+2,
      4.231_333_070_160_091_125_2e+1, 1)
    return q * numerator / denominator
  }
  // At most √(33 log 2) < 5, so Wichura's third interval is out of reach.
  let r = (-naturalLogarithm(q < 0 ? position : 1 - position)).squareRoot() - 1.6
  let numerator = horner(
    r,
    7.745_450_142_783_414_076_40e-4, 2.272_384_498_926_918_458_33e-2,
    2.417_807_251_774_506_117_70e-1, 1.270_458_252_452_368_382_58e+0,
    3.647_848_324_763_204_605_04e+0, 5.769_497_221_460_691_405_50e+0,
    4.630_337_846_156_545_295_90e+0, 1.423_437_110_749_683_577_34e+0)
  let denominator = horner(
    r,
    1.050_750_071_644_416_843_24e-9, 5.475_938_084_995_344_946_00e-4,
    1.519_866_656_361_645_719_66e-2, 1.481_039_764_274_800_745_90e-1,
    6.897_673_349_851_000_045_50e-1, 1.676_384_830_183_803_849_40e+0,
    2.053_191_626_637_758_821_87e+0, 1)
  return q < 0 ? -numerator / denominator : numerator / denominator
}

/// a x⁷ + b x⁶ + … + h
@inline(__always)
private func horner(
  _ x: Double, _ a: Double, _ b: Double, _ c: Double, _ d: Double, _ e: Double, _ f: Double,
  _ g: Double, _ h: Double
) -> Double {
  let upper = ((a * x + b) * x + c) * x + d
  return (((upper * x + e) * x + f) * x + g) * x + h
}

/// The logarithm of a normal positive number: log x = 2 artanh s + e log 2, where x = m 2ᵉ with m
/// between √½ and √2, and s = (m − 1) / (m + 1).
@inline(__always)
private func naturalLogarithm(_ x: Double) -> Double {
  // The bits of √½ are taken from those of x: what is left of the exponent is e, the rest is m's.
  let half = (0.5 as Double).squareRoot().bitPattern
  let bits = x.bitPattern &- half
  let e = Double(Int64(bitPattern: bits) >> 52)
  let m = Double(bitPattern: (bits & 0x000f_ffff_ffff_ffff) &+ half)
  let s = (m - 1) / (m + 1)
  let t = s * s
  // artanh s = s (1 + t/3 + t²/5 + … + t¹⁰/21), and t < 0.03
  let lower = horner(
    t, 1 / 21.0, 1 / 19.0, 1 / 17.0, 1 / 15.0, 1 / 13.0, 1 / 11.0, 1 / 9.0, 1 / 7.0)
  let series = ((lower * t + 1 / 5.0) * t + 1 / 3.0) * t + 1
  return 2 * s * series + e * 0x1.62e42fefa39efp-1
}
