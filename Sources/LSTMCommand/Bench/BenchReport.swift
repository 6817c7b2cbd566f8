import Recurrent

/// What was timed, and how fast it was.
struct BenchReport {
  struct Result {
    let work: BenchWork
    let timing: Timing
    /// Calls to the system for memory in one iteration; nil where they cannot be counted.
    let allocations: Double?

    /// Thousand million operations a second, in the median run.
    var gigaflops: Double { work.gigaflop / timing.median * 1e3 }

    fileprivate func json(peak: Double) -> JSONObject {
      [
        "median_ms": .number(timing.median), "min_ms": .number(timing.least),
        "iterations": .integer(timing.iterations), "gflops": .number(gigaflops),
        "fraction_of_peak": .number(gigaflops / peak),
        "allocations_per_iteration": allocations.map(JSONValue.number) ?? .null,
      ]
    }
  }

  let configuration: JSONObject
  let title: String
  /// The cell, and the one it was run in turn with, if there is one.
  let results: [Result]
  /// Thousand million operations a second that the threads reach at most, on registers alone.
  let peak: Double
  /// The most memory that the process had in use, in bytes.
  let peakMemory: Int

  private var peakMegabytes: Double { Double(peakMemory) / 1_048_576 }

  /// The cell's time over the other's; nil where it ran alone.
  private var ratio: Double? {
    results.count == 2 ? results[0].timing.ratio(to: results[1].timing) : nil
  }

  /// The ratio of times for equal amounts of work; NaN where one of them has no products.
  private func perFlop(_ ratio: Double) -> Double {
    let works = results.map(\.work.gigaflop)
    return works.contains(0) ? .nan : ratio * works[1] / works[0]
  }

  var json: JSONObject {
    var json: JSONObject = ["configuration": .object(configuration)]
    for (key, value) in results[0].json(peak: peak).members { json[key] = value }
    json["peak_gflops"] = .number(peak)
    json["peak_rss_mb"] = .number(peakMegabytes)
    guard let ratio else { return json }
    var other: JSONObject = ["cell": .string(results[1].work.cell)]
    for (key, value) in results[1].json(peak: peak).members { other[key] = value }
    json["versus"] = .object(other)
    json["ratio"] = .number(ratio)
    json["ratio_per_flop"] = .number(perFlop(ratio))
    return json
  }

  var text: String {
    let width = max(4, results.map(\.work.cell.count).max()!)
    func line(_ name: String, _ columns: [String]) -> String {
      leftAligned(name, width) + columns.map { rightAligned($0, 12) }.joined() + "\n"
    }
    var text =
      title + "\n\n"
      + line("cell", ["median ms", "least ms", "GFLOP/s", "of peak", "allocations"])
    for result in results {
      text += line(
        result.work.cell,
        [
          significant(result.timing.median, 4), significant(result.timing.least, 4),
          fixed(result.gigaflops, 1), fixed(100 * result.gigaflops / peak, 1) + " %",
          result.allocations.map { fixed($0, 0) } ?? "–",
        ])
    }
    text +=
      "\nThe peak is \(fixed(peak, 1)) GFLOP/s; memory at most \(fixed(peakMegabytes, 1)) MB\n"
    guard let ratio else { return text }
    return text + "Time over that of \(results[1].work.cell): \(fixed(ratio, 3)); "
      + "per floating-point operation \(fixed(perFlop(ratio), 3))\n"
  }
}
