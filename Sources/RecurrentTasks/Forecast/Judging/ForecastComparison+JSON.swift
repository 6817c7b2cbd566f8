import RecurrentFormats

extension ForecastComparison {
  /// `rows` of `method`, `kind` and `mase`, best first; the number of `windows`; the `rival` that the
  /// model has to beat, whether it `is_beaten`.
  public var json: JSONObject {
    [
      "rows": .array(
        rows.map { row in
          [
            "method": .string(row.method), "kind": .string(row.kind.rawValue),
            "mase": .number(row.mase),
          ]
        }),
      "windows": .integer(windowCount), "rival": rival.map { .string($0.method) } ?? .null,
      "is_beaten": .bool(isBeaten),
    ]
  }
}
