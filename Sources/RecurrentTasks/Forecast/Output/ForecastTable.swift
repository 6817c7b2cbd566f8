import RecurrentFormats

/// Forecasts as a table: a row per series and time, with the columns of the input it came from.
public struct ForecastTable: Sendable {
  /// The names of the id and time columns; no id, no column.
  public var columns: SeriesTable.Columns
  /// The name of the column of values, and the beginning of the bounds' names.
  public var method: String
  public var forecasts: [SeriesForecast]

  public init(columns: SeriesTable.Columns, method: String, forecasts: [SeriesForecast]) {
    self.columns = columns
    self.method = method
    self.forecasts = forecasts
  }

  /// The percent of all intervals, ascending.
  private var levels: [Double] { forecasts.flatMap(\.intervals).levels }

  private var valueNames: [String] {
    [method] + levels.flatMap { PredictionInterval.columns(of: method, level: $0) }
  }

  /// The values of one time, in the order of `valueNames`.
  private func values(of forecast: SeriesForecast, at step: Int, _ levels: [Double]) -> [Double] {
    [forecast.values[step]]
      + levels.flatMap { level in
        let interval = forecast.intervals.first { $0.level == level }
        return [interval?.lower[step] ?? .nan, interval?.upper[step] ?? .nan]
      }
  }

  /// CSV with columns such as `unique_id,ds,lstm,lstm-lo-90,lstm-hi-90`; the same forecasts give the
  /// same bytes, and every number reads back as itself.
  public var csv: String {
    let levels = levels
    var writer = CSVWriter(header: (columns.id.map { [$0] } ?? []) + [columns.time] + valueNames)
    for forecast in forecasts {
      for (step, time) in forecast.times.enumerated() {
        writer.append(
          (columns.id != nil ? [forecast.id ?? ""] : []) + [time.description]
            + values(of: forecast, at: step, levels).map(CSVWriter.text))
      }
    }
    return writer.text
  }

  /// An array of objects with the same columns.
  public var json: JSONValue {
    let levels = levels
    let names = valueNames
    return .array(
      forecasts.flatMap { forecast in
        forecast.times.enumerated().map { step, time in
          var row = JSONObject()
          if let id = columns.id { row[id] = forecast.id.map(JSONValue.string) ?? .null }
          row[columns.time] = time.isInteger ? .integer(time.ticks) : .string(time.description)
          for (name, value) in zip(names, values(of: forecast, at: step, levels)) {
            row[name] = .number(value)
          }
          return .object(row)
        }
      })
  }
}
