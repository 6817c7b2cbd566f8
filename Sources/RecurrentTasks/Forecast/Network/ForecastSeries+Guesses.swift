extension ForecastSeries {
  /// The series with a guess in the place of each missing value.
  public func guessing(_ fill: MissingFill) -> ForecastSeries {
    guard fill.isGuess, guesses.isEmpty, values.contains(where: \.isNaN) else { return self }
    var result = self
    result.values = fill.filling(values)
    result.guesses = zip(values, result.values).map { $0.isNaN && !$1.isNaN }
    return result
  }

  /// What was observed: NaN where a value is missing or guessed at.
  var observed: [Double] {
    guesses.isEmpty ? values : zip(values, guesses).map { $1 ? .nan : $0 }
  }

  /// The values before an origin as they are seen from there: what is guessed at right before it is
  /// the last value before the gap, for what comes behind the gap is not known yet.
  func values(before origin: Int) -> [Double] {
    var seen = Array(values.prefix(origin))
    let start = gapStart(before: origin)
    for place in start..<origin { seen[place] = start > 0 ? seen[start - 1] : .nan }
    return seen
  }

  /// Whether ``values`` hold something right before an origin that is not known there.
  func isAhead(of origin: Int) -> Bool {
    let start = gapStart(before: origin)
    let last = start > 0 ? values[start - 1] : Double.nan
    return values[start..<origin].contains { $0 != last }
  }

  /// Where the guesses right before an origin begin.
  private func gapStart(before origin: Int) -> Int {
    guard !guesses.isEmpty else { return origin }
    var start = origin
    while start > 0, guesses[start - 1] { start -= 1 }
    return start
  }

  /// Those of some origins from which ``values`` show nothing that is not known there; all of them
  /// where there is none. Each of the others costs a pass of its own.
  func unhinted(_ origins: [Int]) -> [Int] {
    let found = origins.filter { !isAhead(of: $0) }
    return found.isEmpty ? origins : found
  }

  /// What something says at each of some origins of the values before it: at all of them in one pass,
  /// but where the values are ahead of an origin.
  ///
  /// - Parameter forecast: Of values and ascending origins, row-major [origins, size].
  /// - Returns: Row-major [origins, size].
  func atOrigins(
    _ origins: [Int], _ forecast: (_ values: [Double], _ origins: [Int]) -> [Double]
  ) -> [Double] {
    let together = origins.filter { !isAhead(of: $0) }
    if together.count == origins.count { return forecast(values, origins) }
    let passed = together.isEmpty ? [] : forecast(values, together)
    let size = passed.count / max(together.count, 1)
    var rest = passed[...]
    return origins.flatMap { origin -> [Double] in
      if isAhead(of: origin) { return forecast(values(before: origin), [origin]) }
      defer { rest = rest.dropFirst(size) }
      return Array(rest.prefix(size))
    }
  }
}
