#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

// The mathematical library's functions in Double, under names that no tensor function has.

public func cosine(_ x: Double) -> Double { cos(x) }
public func exponential(_ x: Double) -> Double { exp(x) }
public func logarithm(_ x: Double) -> Double { log(x) }
public func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
public func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
public func softRectifier(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }
/// For arguments whose gamma function is a Double, and not near 1 and 2.
public func logarithmOfGamma(_ x: Double) -> Double { log(tgamma(x)) }
/// The probability that a standard normal number is below x.
public func normalDistribution(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

extension DoubleArray {
  /// Element by element, with the one of the two arrays that is smaller repeated.
  public static func combine(
    _ a: DoubleArray, _ b: DoubleArray, _ function: (Double, Double) -> Double
  ) -> DoubleArray {
    DoubleArray(a.count >= b.count ? a.shape : b.shape) { index in
      function(a.repeating(at: index), b.repeating(at: index))
    }
  }

  /// A B for the last two axes; axes before them are the same for both.
  public func matrixProduct(_ other: DoubleArray) -> DoubleArray {
    let (rows, depth, columns) = (
      shape[shape.count - 2], shape[shape.count - 1], other.shape[other.shape.count - 1]
    )
    return DoubleArray(shape.dropLast(2) + [rows, columns]) { index in
      let batch = index.dropLast(2)
      let (i, j) = (index[index.count - 2], index[index.count - 1])
      return (0..<depth).reduce(0) { $0 + self[batch + [i, $1]] * other[batch + [$1, j]] }
    }
  }

  /// The last two axes exchanged.
  public var matrixTransposed: DoubleArray {
    DoubleArray(shape.dropLast(2) + [shape[shape.count - 1], shape[shape.count - 2]]) { index in
      self[index.dropLast(2) + [index[index.count - 1], index[index.count - 2]]]
    }
  }

  /// The rows along the last axis, each made another of the same length.
  public func mapRows(_ transform: ([Double]) -> [Double]) -> DoubleArray {
    let width = shape.last!
    let rows = stride(from: 0, to: count, by: width).map { Array(values[$0..<$0 + width]) }
    return DoubleArray(rows.flatMap(transform), shape: shape)
  }

  /// The elements along an axis made one, which takes their place.
  public func reduce(axis: Int, _ combine: ([Double]) -> Double) -> DoubleArray {
    var smaller = shape
    let length = smaller.remove(at: axis)
    return DoubleArray(smaller) { index in
      combine(
        (0..<length).map { place in
          var full = index
          full.insert(place, at: axis)
          return self[full]
        })
    }
  }

  public func logSoftmax() -> DoubleArray {
    mapRows { row in
      let largest = row.max()!
      let sum = row.reduce(0) { $0 + exponential($1 - largest) }
      return row.map { $0 - largest - logarithm(sum) }
    }
  }
}
