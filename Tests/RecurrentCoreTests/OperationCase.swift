import RecurrentCore
import TestSupport

/// An operation of the tape and its plain version in Double.
struct OperationCase: Sendable, CustomStringConvertible {
  let name: String
  /// The arguments' shapes: small ones to take finite differences at, and some that make more than
  /// one piece of work.
  let shapes: [[Int]]
  let largeShapes: [[Int]]
  /// Makes an argument of numbers between −1 and 1 what the operation can take.
  var domain: @Sendable (Double) -> Double = { $0 }
  let operation: @Sendable ([Tensor]) -> Tensor
  let oracle: @Sendable ([DoubleArray]) -> DoubleArray

  var description: String { name }

  func arguments(_ shapes: [[Int]]) -> [DoubleArray] {
    shapes.enumerated().map { index, shape in
      DoubleArray.cosines(shape, phase: 10 * Double(index)).map { Double(Float(domain($0))) }
    }
  }
}

extension OperationCase {
  private static let vector = [[3, 7]]
  private static let longVector = [[171, 301]]

  private static func function(
    _ name: String, domain: @escaping @Sendable (Double) -> Double = { 3 * $0 },
    _ operation: @escaping @Sendable (Tensor) -> Tensor,
    _ oracle: @escaping @Sendable (Double) -> Double
  ) -> OperationCase {
    OperationCase(name: name, shapes: vector, largeShapes: longVector, domain: domain) {
      operation($0[0])
    } oracle: {
      $0[0].map(oracle)
    }
  }

  /// An operator for every way in which shapes can meet.
  private static func pair(
    _ name: String, domain: @escaping @Sendable (Double) -> Double = { $0 },
    _ operation: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ oracle: @escaping @Sendable (Double, Double) -> Double
  ) -> [OperationCase] {
    let meetings: [(small: [[Int]], large: [[Int]])] = [
      ([[3, 5], [3, 5]], [[131, 257], [131, 257]]),
      ([[3, 2, 5], [2, 5]], [[131, 3, 67], [3, 67]]),
      ([[5], [3, 5]], [[301], [131, 301]]),
      ([[3, 19], [19]], [[131, 301], [301]]),
      ([[3, 5], []], [[131, 301], []]),
      ([[1, 1], [3, 5]], [[1, 1], [131, 301]]),
      ([[2, 3, 5], [2, 3, 1]], [[31, 13, 101], [31, 13, 1]]),
      ([[3, 17], [3, 1]], [[131, 301], [131, 1]]),
      ([[2, 1, 5], [2, 3, 5]], [[31, 1, 101], [31, 13, 101]]),
    ]
    return meetings.map { meeting in
      OperationCase(
        name: "\(name) \(meeting.small[0]) \(meeting.small[1])", shapes: meeting.small,
        largeShapes: meeting.large, domain: domain
      ) {
        operation($0[0], $0[1])
      } oracle: {
        DoubleArray.combine($0[0], $0[1], oracle)
      }
    }
  }

  private static let positive: @Sendable (Double) -> Double = { 2.1 + 2 * $0 }
  private static let aboveZero: @Sendable (Double) -> Double = { 1.5 + $0 }
  private static let wide: @Sendable (Double) -> Double = { 30 * $0 }
  private static let quadrupled: @Sendable (Double) -> Double = { 4 * $0 }

  static let functions: [OperationCase] = [
    function("exp", { exp($0) }, exponential),
    function("log", domain: positive, { log($0) }, logarithm),
    function("logGamma", domain: positive, { logGamma($0) }, logarithmOfGamma),
    function("tanh", { tanh($0) }, hyperbolicTangent),
    function("sigmoid", { sigmoid($0) }, logistic),
    function("relu", { relu($0) }, { max($0, 0) }),
    function("softplus", domain: wide, { softplus($0) }, softRectifier),
    function("sqrt", domain: positive, { sqrt($0) }, { $0.squareRoot() }),
    function("abs", { abs($0) }, { Swift.abs($0) }),
    function("square", { square($0) }, { $0 * $0 }),
    function("negate", { -$0 }, { -$0 }),
    function("x + 0.7", { $0 + 0.7 }, { $0 + Double(0.7 as Float) }),
    function("0.7 + x", { 0.7 + $0 }, { $0 + Double(0.7 as Float) }),
    function("x - 0.7", { $0 - 0.7 }, { $0 - Double(0.7 as Float) }),
    function("0.7 - x", { 0.7 - $0 }, { Double(0.7 as Float) - $0 }),
    function("x * 0.7", { $0 * 0.7 }, { $0 * Double(0.7 as Float) }),
    function("x / 0.7", { $0 / 0.7 }, { $0 / Double(0.7 as Float) }),
    function("0.7 / x", domain: aboveZero, { 0.7 / $0 }, { Double(0.7 as Float) / $0 }),
    function("maximum(x, 0.5)", { maximum($0, 0.5) }, { max($0, 0.5) }),
    function("minimum(x, 0.5)", { minimum($0, 0.5) }, { min($0, 0.5) }),
  ]

  static let pairs: [OperationCase] =
    pair("+", { $0 + $1 }, { $0 + $1 })
    + pair("-", { $0 - $1 }, { $0 - $1 })
    + pair("*", { $0 * $1 }, { $0 * $1 })
    + pair("/", domain: aboveZero, { $0 / $1 }, { $0 / $1 })
    + pair("maximum", { maximum($0, $1) }, { max($0, $1) })
    + pair("minimum", { minimum($0, $1) }, { min($0, $1) })
    + pair(
      "select", { a, b in select(where: a.detached - 0.1, a * 2, b) },
      { a, b in a > Double(0.1 as Float) ? 2 * a : b })

  static let shaping: [OperationCase] = [
    OperationCase(name: "reshaped", shapes: [[3, 2, 5]], largeShapes: [[31, 12, 53]]) {
      $0[0].reshaped([$0[0].shape[0], -1]) * 2
    } oracle: {
      DoubleArray(
        $0[0].values.map { 2 * $0 }, shape: [$0[0].shape[0], $0[0].shape[1] * $0[0].shape[2]])
    },
    transposed([1, 0], [3, 7], [211, 103]),
    transposed([0, 2, 1], [2, 3, 5], [7, 61, 53]),
    transposed([1, 0, 2], [2, 3, 5], [61, 53, 7]),
    transposed([2, 1, 0], [2, 3, 5], [31, 23, 47]),
    transposed([2, 0, 1], [2, 3, 5], [31, 23, 47]),
    transposed([1, 2, 0], [2, 3, 5], [31, 23, 47]),
    transposed([3, 1, 0, 2], [2, 3, 5, 2], [7, 17, 11, 23]),
    transposed([0, 3, 2, 1], [2, 3, 1, 4], [7, 17, 11, 23]),
    slice(0, 1..<3), slice(1, 1..<3), slice(-1, 2..<5), slice(1, 2..<2),
    OperationCase(name: "split and swapped", shapes: [[3, 5, 2]], largeShapes: [[67, 5, 101]]) {
      let parts = $0[0].split(axis: 1, sizes: [1, 0, 3, 1])
      return concatenated([parts[2], parts[0] * 3], alongAxis: 1)
    } oracle: {
      let x = $0[0]
      return DoubleArray([x.shape[0], 4, x.shape[2]]) { i in
        i[1] < 3 ? x[i[0], i[1] + 1, i[2]] : 3 * x[i[0], 0, i[2]]
      }
    },
    concatenation(0, [[2, 3, 5], [1, 3, 5]], [[20, 31, 53], [17, 31, 53]]),
    concatenation(1, [[2, 3, 5], [2, 1, 5]], [[20, 31, 53], [20, 8, 53]]),
    concatenation(-1, [[2, 3, 5], [2, 3, 2]], [[20, 31, 53], [20, 31, 14]]),
    OperationCase(
      name: "stacked", shapes: [[3, 5], [3, 5]], largeShapes: [[131, 211], [131, 211]]
    ) {
      stacked($0, alongAxis: 1)
    } oracle: { x in
      DoubleArray([x[0].shape[0], 2, x[0].shape[1]]) { x[$0[1]][$0[0], $0[2]] }
    },
    OperationCase(
      name: "stacked at the end", shapes: [[3, 5], [3, 5]], largeShapes: [[131, 211], [131, 211]]
    ) {
      stacked($0, alongAxis: -1)
    } oracle: { x in
      DoubleArray(x[0].shape + [2]) { x[$0[2]][$0[0], $0[1]] }
    },
    reversed(0), reversed(1), reversed(-1),
    OperationCase(name: "expanded", shapes: [[3, 1, 5]], largeShapes: [[31, 1, 53]]) {
      $0[0].expanded(to: [$0[0].shape[0], 4, $0[0].shape[2]])
    } oracle: { x in
      DoubleArray([x[0].shape[0], 4, x[0].shape[2]]) { x[0].repeating(at: $0) }
    },
    OperationCase(name: "gatherRows", shapes: [[5, 3]], largeShapes: [[97, 211]]) {
      $0[0].gatherRows(rows(of: $0[0].shape[0]))
    } oracle: { x in
      let rows = rows(of: x[0].shape[0])
      return DoubleArray([rows.count, x[0].shape[1]]) { x[0][rows[$0[0]], $0[1]] }
    },
  ]

  /// Some rows more than once, some never.
  private static func rows(of count: Int) -> [Int] { (0..<2 * count).map { $0 * $0 % count } }

  private static func transposed(
    _ axes: [Int], _ small: [Int], _ large: [Int]
  ) -> OperationCase {
    OperationCase(name: "transposed \(axes)", shapes: [small], largeShapes: [large]) {
      $0[0].transposed(axes)
    } oracle: { x in
      DoubleArray(axes.map { x[0].shape[$0] }) { index in
        var source = index
        for (place, axis) in axes.enumerated() { source[axis] = index[place] }
        return x[0][source]
      }
    }
  }

  private static func slice(_ axis: Int, _ range: Range<Int>) -> OperationCase {
    OperationCase(
      name: "slice \(axis) \(range)", shapes: [[3, 4, 5]], largeShapes: [[31, 24, 53]]
    ) {
      $0[0].slice(axis: axis, range: range) * 2
    } oracle: { x in
      let place = axis < 0 ? axis + 3 : axis
      var shape = x[0].shape
      shape[place] = range.count
      return DoubleArray(shape) { index in
        var source = index
        source[place] += range.lowerBound
        return 2 * x[0][source]
      }
    }
  }

  private static func concatenation(
    _ axis: Int, _ small: [[Int]], _ large: [[Int]]
  ) -> OperationCase {
    OperationCase(name: "concatenated \(axis)", shapes: small, largeShapes: large) {
      concatenated($0, alongAxis: axis)
    } oracle: { x in
      let place = axis < 0 ? axis + 3 : axis
      var shape = x[0].shape
      shape[place] += x[1].shape[place]
      return DoubleArray(shape) { index in
        let border = x[0].shape[place]
        if index[place] < border { return x[0][index] }
        var source = index
        source[place] -= border
        return x[1][source]
      }
    }
  }

  private static func reversed(_ axis: Int) -> OperationCase {
    OperationCase(name: "reversed \(axis)", shapes: [[3, 4, 5]], largeShapes: [[31, 24, 53]]) {
      $0[0].reversed(axis: axis)
    } oracle: { x in
      let place = axis < 0 ? axis + 3 : axis
      return DoubleArray(x[0].shape) { index in
        var source = index
        source[place] = x[0].shape[place] - 1 - index[place]
        return x[0][source]
      }
    }
  }

  static let reductions: [OperationCase] =
    [
      OperationCase(name: "sum", shapes: [[3, 7]], largeShapes: [[171, 301]]) {
        $0[0].sum()
      } oracle: {
        DoubleArray($0[0].sum)
      },
      OperationCase(name: "mean", shapes: [[3, 7]], largeShapes: [[171, 301]]) {
        $0[0].mean()
      } oracle: {
        DoubleArray($0[0].sum / Double($0[0].count))
      },
    ]
    + [0, 1, 2].flatMap { axis in
      [
        reduction("sum", axis, { $0.sum(axis: axis) }, { $0.reduce(0, +) }),
        reduction(
          "mean", axis, { $0.mean(axis: axis - 3) }, { $0.reduce(0, +) / Double($0.count) }),
        reduction("maximum", axis, { $0.maximum(axis: axis) }, { $0.max()! }),
        OperationCase(
          name: "cumulativeSum \(axis)", shapes: [[3, 4, 5]], largeShapes: [[31, 24, 53]]
        ) {
          $0[0].cumulativeSum(axis: axis)
        } oracle: { x in
          DoubleArray(x[0].shape) { index in
            (0...index[axis]).reduce(0) { sum, place in
              var source = index
              source[axis] = place
              return sum + x[0][source]
            }
          }
        },
      ]
    }

  private static func reduction(
    _ name: String, _ axis: Int, _ operation: @escaping @Sendable (Tensor) -> Tensor,
    _ oracle: @escaping @Sendable ([Double]) -> Double
  ) -> OperationCase {
    OperationCase(name: "\(name) \(axis)", shapes: [[3, 4, 5]], largeShapes: [[31, 24, 53]]) {
      operation($0[0])
    } oracle: {
      $0[0].reduce(axis: axis, oracle)
    }
  }

  static let products: [OperationCase] =
    [false, true].flatMap { first in
      [false, true].flatMap { second in
        [[], [3]].map { (batch: [Int]) in
          func shapes(_ m: Int, _ k: Int, _ n: Int) -> [[Int]] {
            [batch + (first ? [k, m] : [m, k]), batch + (second ? [n, k] : [k, n])]
          }
          return OperationCase(
            name: "matmul\(batch)\(first ? " Aᵀ" : "")\(second ? " Bᵀ" : "")",
            shapes: shapes(3, 7, 5), largeShapes: shapes(131, 61, 149)
          ) {
            matmul($0[0], $0[1], transposeA: first, transposeB: second)
          } oracle: {
            let a = first ? $0[0].matrixTransposed : $0[0]
            let b = second ? $0[1].matrixTransposed : $0[1]
            return a.matrixProduct(b)
          }
        }
      }
    } + [
      OperationCase(
        name: "linear", shapes: [[2, 3, 7], [5, 7], [5]],
        largeShapes: [[13, 31, 67], [53, 67], [53]]
      ) {
        linear($0[0], $0[1], $0[2])
      } oracle: {
        linearOracle($0[0], $0[1], $0[2])
      },
      OperationCase(
        name: "linear without bias", shapes: [[3, 7], [1, 7]],
        largeShapes: [[403, 67], [131, 67]]
      ) {
        linear($0[0], $0[1])
      } oracle: {
        linearOracle($0[0], $0[1], nil)
      },
    ]

  private static func linearOracle(
    _ x: DoubleArray, _ weight: DoubleArray, _ bias: DoubleArray?
  ) -> DoubleArray {
    DoubleArray(x.shape.dropLast() + [weight.shape[0]]) { index in
      let unit = index.last!
      return (0..<weight.shape[1]).reduce(bias?[unit] ?? 0) { sum, feature in
        sum + x[index.dropLast() + [feature]] * weight[unit, feature]
      }
    }
  }

  static let rowWise: [OperationCase] = [
    OperationCase(
      name: "layerNorm", shapes: [[2, 3, 7], [7], [7]], largeShapes: [[7, 53, 101], [101], [101]]
    ) {
      layerNorm($0[0], gain: $0[1], bias: $0[2], epsilon: 1e-3)
    } oracle: { x in
      let width = x[1].count
      let normal = layerNormOracle(x[0], epsilon: Double(1e-3 as Float))
      return DoubleArray(x[0].shape) { index in
        normal[index] * x[1][index.last! % width] + x[2][index.last!]
      }
    },
    OperationCase(
      name: "layerNorm without gain and bias", shapes: [[3, 23]], largeShapes: [[371, 101]]
    ) {
      layerNorm($0[0])
    } oracle: {
      layerNormOracle($0[0], epsilon: Double(1e-5 as Float))
    },
    OperationCase(
      name: "softmax", shapes: [[2, 3, 7]], largeShapes: [[7, 53, 101]], domain: quadrupled
    ) {
      softmax($0[0])
    } oracle: {
      $0[0].logSoftmax().map(exponential)
    },
    OperationCase(
      name: "logSoftmax", shapes: [[3, 19]], largeShapes: [[371, 101]], domain: quadrupled
    ) {
      logSoftmax($0[0])
    } oracle: {
      $0[0].logSoftmax()
    },
    OperationCase(
      name: "softmaxCrossEntropy", shapes: [[5, 7]], largeShapes: [[371, 101]], domain: quadrupled
    ) {
      softmaxCrossEntropy($0[0], targets: targets($0[0].shape)) * 3
    } oracle: { x in
      crossEntropyOracle(x[0], weights: [Float](repeating: 1, count: x[0].shape[0])).map { 3 * $0 }
    },
    OperationCase(
      name: "softmaxCrossEntropy with weights", shapes: [[5, 19]], largeShapes: [[371, 101]],
      domain: quadrupled
    ) {
      softmaxCrossEntropy(
        $0[0], targets: targets($0[0].shape), weights: weights($0[0].shape[0]))
    } oracle: {
      crossEntropyOracle($0[0], weights: weights($0[0].shape[0]))
    },
  ]

  private static func layerNormOracle(_ x: DoubleArray, epsilon: Double) -> DoubleArray {
    x.mapRows { row in
      let mean = row.reduce(0, +) / Double(row.count)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
      return row.map { ($0 - mean) / (variance + epsilon).squareRoot() }
    }
  }

  private static func targets(_ shape: [Int]) -> [Int] {
    (0..<shape[0]).map { $0 * 3 % shape[1] }
  }

  private static func weights(_ count: Int) -> [Float] {
    (0..<count).map { Float($0 % 3) * 0.75 }
  }

  private static func crossEntropyOracle(_ x: DoubleArray, weights: [Float]) -> DoubleArray {
    let logarithms = x.logSoftmax()
    var (sum, total) = (0.0, 0.0)
    for (row, target) in targets(x.shape).enumerated() {
      sum -= Double(weights[row]) * logarithms[row, target]
      total += Double(weights[row])
    }
    return DoubleArray(sum / total)
  }

  static let all = functions + pairs + shaping + reductions + products + rowWise
}
