import RecurrentFormats

extension Leaderboard {
  /// A sentence on how the model stands beside the best baseline; nil without both.
  public var verdict: String? { comparison?.description }

  /// The rows as aligned text, a line each under a line of names.
  public var text: String {
    let levels = self.levels
    let hasOWA = rows.contains { $0.owa != nil }
    let names =
      ["method", "MASE", "sMAPE %", "MAE", "RMSE"] + (hasOWA ? ["OWA"] : [])
      + levels.map { "in \(PredictionInterval.label($0)) % band" }
    let decimals = (decimals(rows.map(\.mae)), decimals(rows.map(\.rmse)))
    let cells = rows.map { row in
      [
        row.method, cell(row.mase, 3), cell(row.smape, 2), cell(row.mae, decimals.0),
        cell(row.rmse, decimals.1),
      ] + (hasOWA ? [cell(row.owa, 3)] : [])
        + levels.map { row.coverage[$0].map { fixed(100 * $0, 0) + " %" } ?? "" }
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

  /// An array of objects with `method`, `kind`, and every measure by its name; `coverage` and `msis`
  /// by level.
  public var json: JSONValue {
    .array(
      rows.map { row in
        var object: JSONObject = [
          "method": .string(row.method), "kind": .string(row.kind.rawValue),
        ]
        for member in row.measures.json.members { object[member.key] = member.value }
        return .object(object)
      })
  }

  private func cell(_ value: Double?, _ decimals: Int) -> String {
    value.map { fixed($0, decimals) } ?? "–"
  }

  /// The decimals that give the smallest number of a column three digits, one of rounding left aside.
  private func decimals(_ values: [Double?]) -> Int {
    let finite = values.compactMap { $0 }.filter(\.isFinite)
    let sizes = finite.filter { $0 > 1e-5 * (finite.max() ?? 0) }
    return sizes.min().map { min(max(2 - decimalExponent($0), 0), 9) } ?? 0
  }
}

extension Leaderboard.Comparison: CustomStringConvertible {
  /// A sentence.
  public var description: String {
    let name = measure.rawValue.uppercased()
    let numbers = "\(name) \(significant(own, 3)) against \(significant(other, 3))"
    switch outcome {
    case .baseline: return "\(baseline) beats \(model) (\(numbers)): prefer it for these data"
    case .model: return "\(model) beats every baseline; the best is \(baseline) (\(numbers))"
    case .tie where isNegligible: return "\(model) and \(baseline) do equally well (\(numbers))"
    case .tie:
      let doubt =
        standardError.map { "the difference has a standard error of \(significant($0, 2))" }
        ?? "one window says little"
      if (own - other).magnitude <= 0.1 * max(own, other) {
        return "\(model) does about as well as \(baseline) (\(numbers); \(doubt))"
      }
      let (ahead, behind) = own < other ? (model, baseline) : (baseline, model)
      return "\(ahead) is ahead of \(behind), but not surely (\(numbers); \(doubt))"
    }
  }
}
