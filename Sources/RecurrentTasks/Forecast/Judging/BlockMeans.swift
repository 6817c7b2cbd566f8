/// How sure a mean of scores is.
///
/// Scores of windows that overlap, or of neighbouring ones, share their fate: they are no sample of
/// independent numbers. Cut into blocks, the means of the blocks nearly are, and a block counts as one
/// (the method of batch means: Schmeiser, "Batch size effects in the analysis of simulation output",
/// *Operations Research* 30, 1982).
struct BlockMeans<Block: Hashable> {
  private var sums: [(sum: Double, count: Double)] = []
  private var places: [Block: Int] = [:]

  mutating func add(_ score: Double, to block: Block) {
    let place = places[block] ?? sums.count
    if place == sums.count {
      places[block] = place
      sums.append((0, 0))
    }
    sums[place].sum += score
    sums[place].count += 1
  }

  /// Blocks that have a score.
  var count: Int { sums.count }

  /// The mean of the blocks' means; NaN without a block.
  var mean: Double { means.reduce(0, +) / Double(count) }

  /// s/√n, where s² = Σ (x − x̄)²/(n − 1) is the variance of the n blocks' means x; nil for fewer than
  /// two.
  var standardError: Double? {
    guard count > 1 else { return nil }
    let mean = mean
    let squares = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(count - 1) / Double(count)).squareRoot()
  }

  private var means: [Double] { sums.map { $0.sum / $0.count } }
}
