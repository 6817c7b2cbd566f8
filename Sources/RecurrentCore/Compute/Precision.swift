/// How exactly a context multiplies matrices. States, gates, sums and everything else are float32
/// whatever it is.
///
/// The errors below are the largest seen among some thousand sums of 512 products of random numbers,
/// against the sum of the products' magnitudes. What cancels within a sum does not make its error
/// smaller, and what the steps of a sequence make of it may be larger. Of a single product the error
/// is up to 6e-8, 5e-5 and 8e-3: the errors of many go different ways.
///
/// The results of each are the same bits for any number of threads.
public enum Precision: String, Sendable, CaseIterable, CustomStringConvertible {
  /// Numbers of 24 bits. The error is about 1.7e-7.
  case float32
  /// Each number as the sum of two of 8 bits, and three products of the four: where the CPU
  /// multiplies tiles of bfloat16 (Intel AMX, on Linux); meant to be faster than ``float32`` where
  /// there are many rows. The error is about 9e-7, and a sum with an infinite number may be NaN
  /// instead of infinite. Elsewhere this is ``float32``, which is more exact.
  case high
  /// Weights and inputs of products are rounded to numbers of 8 bits. The error is about 5e-4, some
  /// three thousand times that of ``float32``. Where the CPU cannot multiply bfloat16, the rounded
  /// numbers are multiplied as floats, and nothing is gained.
  case bfloat16

  public var description: String { rawValue }
}
