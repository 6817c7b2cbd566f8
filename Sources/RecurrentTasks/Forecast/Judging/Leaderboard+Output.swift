import RecurrentFormats

extension Leaderboard {
  /// A sentence on how the model stands beside the best baseline; nil without both.
  public var verdict: String? {
    guard let model = rows.first(where: { $0.kind == .model }),
      let baseline = rows.first(where: { $0.kind == .baseline })
    else { return nil }
    let measure = model.mase != nil && baseline.mase != nil ? "MASE" : "MAE"
    guard let own = model.mase ?? model.mae, let other = baseline.mase ?? baseline.mae else {
      return nil
    }
    let numbers = "\(measure) \(significant(own, 3)) against \(significant(other, 3))"
    if own > other || own.isNaN {
      return "\(baseline.method) beats \(model.method) (\(numbers)): prefer it for these data"
    }
    if own == other { return "\(model.method) and \(baseline.method) do equally well (\(numbers))" }
    return "\(model.method) beats every baseline; the best is \(baseline.method) (\(numbers))"
  }

  /// The rows as aligned text, a line each under a line of names.
  public var text: String {
    let levels = self.levels
    let names =
      ["method", "MASE", "sMAPE %", "MAE", "RMSE", "RMSSE"]
      + levels.map { "in \(PredictionInterval.label($0)) % band" }
    let decimals = (decimals(rows.map(\.mae)), decimals(rows.map(\.rmse)))
    let cells = rows.map { row in
      [
        row.method, cell(row.mase, 3), cell(row.smape, 2), cell(row.mae, decimals.0),
        cell(row.rmse, decimals.1), cell(row.rmsse, 3),
      ] + levels.map { row.coverage[$0].map { fixed(100 * $0, 0) + " %" } ?? "" }
    }
    let widths = names.indices.map { column in
      ([names] + cells).map { $0[column].count }.max() ?? 0
    }
    return ([names] + cells).map { row in
      let aligned = row.indices.map { column in
        column == 0
          ? leftAligned(row[column], widths[column]) : rightAligned(row[column], widths[column])
      }
      var line = aligned.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }

  /// An array of objects with `method`, `kind`, `mase`, `smape`, `mae`, `rmse`, `rmsse`, and for a
  /// model `coverage` by level.
  public var json: JSONValue {
    .array(
      rows.map { row in
        var object: JSONObject = [
          "method": .string(row.method), "kind": .string(row.kind.rawValue),
          "mase": number(row.mase), "smape": number(row.smape), "mae": number(row.mae),
          "rmse": number(row.rmse), "rmsse": number(row.rmsse),
        ]
        if row.kind == .model {
          var coverage = JSONObject()
          for level in levels {
            coverage[PredictionInterval.label(level)] = number(row.coverage[level])
          }
          object["coverage"] = .object(coverage)
        }
        return .object(object)
      })
  }

  private var levels: [Double] { Set(rows.flatMap(\.coverage.keys)).sorted() }

  private func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }

  private func cell(_ value: Double?, _ decimals: Int) -> String {
    value.map { fixed($0, decimals) } ?? "–"
  }

  /// The decimals that give the smallest number of a column three digits.
  private func decimals(_ values: [Double?]) -> Int {
    let sizes = values.compactMap { $0 }.filter { $0.isFinite && $0 > 0 }
    return sizes.min().map { min(max(2 - decimalExponent($0), 0), 9) } ?? 0
  }
}
