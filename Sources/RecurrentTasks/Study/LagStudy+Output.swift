import RecurrentFormats

extension LagStudy {
  /// What was asked, and a table of summaries.
  public var text: String {
    let names = ["cell", "lag", "solved", "examples", "error"]
    let rows = summaries.map { summary in
      [
        summary.cell, "\(summary.lag)", "\(summary.solved) of \(summary.runs)",
        summary.medianExamples.map { fixed($0, 0) } ?? "–",
        summary.medianScore.map { significant($0, 2) } ?? "–",
      ]
    }
    let widths = names.indices.map { column in
      ([names] + rows).map { $0[column].count }.max() ?? 0
    }
    let lines = ([names] + rows).map { row in
      row.indices.map { column in
        column == 0
          ? leftAligned(row[column], widths[column]) : rightAligned(row[column], widths[column])
      }.joined(separator: "  ") + "\n"
    }
    return """
      \(task.name): \(task.summary)
      solved: \(task.criterion), within \(settings.budget) examples

      \(lines.joined())
      """
  }

  /// A row for each run: `task`, `cell`, `lag`, `seed`, `solved`, `examples`, `score`.
  public var csv: String {
    var writer = CSVWriter(
      header: ["task", "cell", "lag", "seed", "solved", "examples", "score"])
    for run in runs {
      writer.append([
        task.name, run.cell, "\(run.lag)", "\(run.seed)", "\(run.isSolved)", "\(run.examples)",
        CSVWriter.text(of: run.score ?? .nan),
      ])
    }
    return writer.text
  }

  /// All there is: `task`, `criterion`, `settings`, `summary`, `runs`, `gradients`.
  public var json: JSONObject {
    [
      "task": .string(task.name), "criterion": .string(task.criterion),
      "settings": .object(settings.json),
      "summary": .array(
        summaries.map { summary in
          [
            "cell": .string(summary.cell), "lag": .integer(summary.lag),
            "solved": .integer(summary.solved), "runs": .integer(summary.runs),
            "median_examples": number(summary.medianExamples),
            "median_score": number(summary.medianScore),
          ]
        }),
      "runs": .array(
        runs.map { run in
          [
            "cell": .string(run.cell), "lag": .integer(run.lag), "seed": .integer(run.seed),
            "solved": .bool(run.isSolved), "examples": .integer(run.examples),
            "score": number(run.score),
          ]
        }),
      "gradients": .array(
        gradients.map { decay in
          [
            "cell": .string(decay.cell), "lag": .integer(decay.lag),
            "at_start": .array(decay.atStart.map(JSONValue.number)),
            "at_end": .array(decay.atEnd.map(JSONValue.number)),
          ]
        }),
    ]
  }

  private func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
}

extension LagSettings {
  /// The settings by the names of the tool.
  fileprivate var json: JSONObject {
    [
      "hidden": .integer(hiddenSize), "batch": .integer(batchSize),
      "learning_rate": .number(learningRate), "clipping_norm": .number(clippingNorm),
      "mixed_lags": .bool(mixesLags), "budget": .integer(budget),
      "check_interval": .integer(checkInterval), "test_count": .integer(testCount),
    ]
  }
}
