import RecurrentFormats
import RecurrentTraining

/// The training of a forecaster has met a number that is not finite.
public struct ForecastDivergence: Error, Sendable, Hashable {
  /// Which network of the job, as `round 1 member 2`.
  public var network: String
  /// The step and the batch, and what is not finite.
  public var cause: DivergenceError
  /// The series in the batch, in the order of the data; where some bring numbers that are not finite,
  /// these. nil is a series without a name.
  public var series: [String?]
  /// Whether ``series`` are those whose own numbers are not finite.
  public var areAtFault: Bool

  /// - Parameter rows: The windows of the batch.
  init(network: String, cause: DivergenceError, _ data: ForecastWindows, rows: [Int]) {
    let faulty = rows.filter { !data.isFinite($0) }
    self.network = network
    self.cause = cause
    areAtFault = !faulty.isEmpty
    series = data.seriesNames(of: areAtFault ? faulty : rows)
  }
}

extension ForecastDivergence: CustomStringConvertible {
  /// For example `round 1 member 2: step 12 (epoch 1, batch 12): the loss is not finite; in the batch:
  /// "A", "B"`.
  public var description: String {
    var places = PlaceList()
    for name in series { places.add { name.map(quotedForMessage) ?? "the series" } }
    return "training \(network), \(cause); "
      + (areAtFault ? "in the batch with values too extreme to work with: " : "in the batch: ")
      + places.text
  }
}

extension ForecastWindows {
  /// The names of the series that some windows are of, each once, in the order of the data.
  fileprivate func seriesNames(of rows: [Int]) -> [String?] {
    Set(rows.map { owners[$0] }).sorted().map { names[$0] }
  }

  /// Whether all numbers of a window can be worked with.
  fileprivate func isFinite(_ row: Int) -> Bool {
    func part(_ numbers: [Float]) -> ArraySlice<Float> {
      let size = numbers.count / count
      return numbers[row * size..<(row + 1) * size]
    }
    return part(inputs).allSatisfy(\.isFinite) && part(contexts).allSatisfy(\.isFinite)
      && part(futures).allSatisfy(\.isFinite) && part(targets).allSatisfy(\.isFinite)
  }
}
