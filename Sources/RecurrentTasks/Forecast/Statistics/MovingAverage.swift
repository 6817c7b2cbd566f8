/// The mean over a season centred on each value, the ends of an even one counting half; NaN where the
/// window reaches over an end of the series, or three fifths of it are not there.
///
/// - Parameter values: NaN where missing.
func movingAverage(_ values: [Double], season: Int) -> [Double] {
  let reach = season / 2
  let endWeight = season.isMultiple(of: 2) ? 0.5 : 1
  return values.indices.map { place in
    guard place >= reach, place + reach < values.count else { return .nan }
    var sum = 0.0
    var weight = 0.0
    for offset in -reach...reach where !values[place + offset].isNaN {
      let part = abs(offset) == reach ? endWeight : 1
      sum += part * values[place + offset]
      weight += part
    }
    return weight >= 0.6 * Double(season) ? sum / weight : .nan
  }
}
