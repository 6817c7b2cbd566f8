/// How exactly a context multiplies matrices. States, gates, sums and everything else are float32
/// whatever it is.
///
/// An error is that of one product of sums, measured against the sum of its terms' magnitudes: what
/// cancels within a sum does not make it better, what the steps of a sequence do with it may make it
/// larger.
public enum Precision: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Numbers of 24 bits. The error is about 1.7e-7.
  case float32
  /// Each number as the sum of two of 8 bits, and three products of four: where the CPU multiplies
  /// tiles of bfloat16 (Intel AMX) about three times as fast as `float32`. The error is about 7e-7.
  /// Elsewhere this is `float32`, which is more exact.
  case high
  /// Weights and inputs of products rounded to numbers of 8 bits. The error is about 4.7e-4, some
  /// thousand times that of `float32`.
  case bfloat16

  public var description: String { rawValue }
}
