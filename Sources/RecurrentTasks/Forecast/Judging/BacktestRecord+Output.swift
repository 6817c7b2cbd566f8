import RecurrentFormats

extension BacktestRecord {
  /// A row for each window and method: the columns `unique_id` (where the table has ids), `cutoff`,
  /// the last time that the forecast knew of, `method`, and each measure.
  public var scoresCSV: String {
    let levels = methods.flatMap(\.intervals).levels
    var writer = CSVWriter(
      header: (table.columns.id.map { [$0] } ?? []) + ["cutoff", "method"]
        + ForecastMeasures.columns(levels))
    for score in scores {
      let series = table.series[score.window.series]
      writer.append(
        (table.columns.id != nil ? [series.id ?? ""] : [])
          + [series.time(at: score.window.cutoff - 1).description, score.method]
          + score.measures.fields(levels))
    }
    return writer.text
  }

  /// A row for each step of each window: the columns `unique_id` (where the table has ids), `ds`,
  /// `cutoff`, `y`, and of each method its value and its bounds, such as `lstm`, `lstm-lo-90`,
  /// `lstm-hi-90`.
  public var forecastsCSV: String {
    var writer = CSVWriter(
      header: (table.columns.id.map { [$0] } ?? [])
        + [table.columns.time, "cutoff", table.columns.value] + methods.flatMap(\.columns))
    for (position, window) in windows.enumerated() {
      let series = table.series[window.series]
      let head = table.columns.id != nil ? [series.id ?? ""] : []
      let cutoff = series.time(at: window.cutoff - 1).description
      for step in 0..<horizon {
        let place = position * horizon + step
        writer.append(
          head + [series.time(at: window.cutoff + step).description, cutoff]
            + ([actual[place]] + methods.flatMap { $0.row(place) }).map(CSVWriter.text))
      }
    }
    return writer.text
  }

  /// What the leaderboard does not say: `windows` for each series at most, `by_step` and
  /// `by_series`.
  public var json: JSONObject {
    [
      "windows": .integer(windowsPerSeries), "by_step": stepsJSON, "by_series": seriesJSON,
    ]
  }

  /// For each method by measure the values at each step of the horizon.
  private var stepsJSON: JSONValue {
    var object = JSONObject()
    for method in methods {
      let steps = measures(of: method)
      var byMeasure = JSONObject()
      for measure in ForecastMeasures.Measure.allCases where measure != .owa {
        byMeasure[measure.rawValue] = .array(
          steps.map { $0[measure].map(JSONValue.number) ?? .null })
      }
      if !method.intervals.isEmpty {
        var coverage = JSONObject()
        for interval in method.intervals {
          coverage[PredictionInterval.label(interval.level)] = .array(
            steps.map { $0.coverage[interval.level].map(JSONValue.number) ?? .null })
        }
        byMeasure["coverage"] = .object(coverage)
      }
      object[method.name] = .object(byMeasure)
    }
    return .object(object)
  }

  /// For each series its `leaderboard`, and its id where there is one.
  private var seriesJSON: JSONValue {
    .array(
      leaderboards.map { series, leaderboard in
        var object = JSONObject()
        if let id = table.columns.id {
          object[id] = table.series[series].id.map(JSONValue.string) ?? .null
        }
        object["leaderboard"] = leaderboard.json
        return .object(object)
      })
  }
}

extension BacktestRecord.Method {
  fileprivate var columns: [String] {
    [name] + intervals.flatMap { PredictionInterval.columns(of: name, level: $0.level) }
  }

  fileprivate func row(_ place: Int) -> [Double] {
    [values[place]] + intervals.flatMap { [$0.lower[place], $0.upper[place]] }
  }
}
