import Foundation
import Testing

/// What people complain about in other tools, as far as it is about training and kept models.
@Suite struct TrainingComplaints {
  // MARK: 4. A loss that is NaN, and nobody says where

  /// Three series, of which the second swings from one end of all numbers to the other.
  private static let swinging = Table(
    "unique_id,ds,y",
    rows: ["calm", "wild", "quiet"].flatMap { id in
      (0..<60).map { step in
        let value = id == "wild" ? step % 2 == 0 ? 1.7e308 : -1.7e308 : Table.seasonal(step)
        return "\(id),\(step),\(value)"
      }
    })

  @Test func aTrainingThatDivergesNamesStepBatchAndSeries() throws {
    let tool = try Tool()
    try tool.write(Self.swinging.csv, to: "table.csv")
    let outcome = try tool.run(["forecast", "table.csv", "--season", "6", "--quiet"] + quick)
    #expect(outcome.status == 75)
    #expect(outcome.errorLines.count == 1)
    for word in [
      "lstm: training round 1 validation, step 1 (epoch 1, batch 1): the loss is not finite",
      "in the batch", ": \"wild\"",
    ] {
      #expect(outcome.stderr.contains(word), "no \(word) in \(outcome.stderr)")
    }
    #expect(!outcome.stderr.contains("calm") && !outcome.stderr.contains("quiet"))
    #expect(try tool.files == ["table.csv"])
  }

  /// Nothing is learnt from what is missing: with holes everywhere training goes on as ever.
  @Test func trainingOnMaskedLosses() throws {
    let tool = try Tool()
    let table = Table(months: 90)
    let rows = table.rows.enumerated().map { index, row in
      index % 4 == 1 ? "\(Table.month(index))," : row
    }
    try tool.write(Table(rows: rows).csv, to: "table.csv")
    let outcome = try tool.run(["forecast", "table.csv", "--log", "log", "--quiet"] + quick)
    #expect(outcome.status == 0, "\(outcome.stderr)")
    let losses = try tool.text("log").split(separator: "\n").map { line in
      let document = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      return try #require(document?["loss"] as? Double)
    }
    #expect(losses.count > 4 && losses.allSatisfy(\.isFinite))
  }

  // MARK: 7. A kept model that says something of data it is not for

  private static func kept(_ options: [String]) throws -> Tool {
    let tool = try Tool()
    try tool.write(Self.counts(nil), to: "counts.csv")
    let outcome = try tool.run(
      ["train", "forecast", "counts.csv", "--save", "model", "--horizon", "3", "--epochs", "1"]
        + ["--hidden", "3", "--members", "1", "--quiet"] + options)
    try #require(outcome.status == 0, "\(outcome.stderr)")
    return tool
  }

  /// Two series of counts from 1 on, and one other value in the 31st month of the second.
  private static func counts(_ value: String?) -> String {
    let rows = ["north", "south"].flatMap { id in
      (0..<40).map { month in
        let count = id == "south" && month == 30 ? value : nil
        return "\(id),\(Table.month(month)),\(count ?? "\(1 + month * month % 9)")"
      }
    }
    return Table("unique_id,ds,y", rows: rows).csv
  }

  @Test(arguments: [
    (["--head", "negative-binomial"], "-4", "counts"),
    (["--head", "negative-binomial"], "2.5", "counts"),
    (["--transform", "log"], "0", "positive values"),
    (["--transform", "box-cox"], "-4", "positive values"),
  ])
  func aModelOfOtherValues(options: [String], value: String, kind: String) throws {
    let tool = try Self.kept(options)
    try tool.write(Self.counts(value), to: "other.csv")
    for verb in ["predict", "evaluate"] {
      let outcome = try tool.run([verb, "model", "other.csv", "--quiet"])
      #expect(outcome.status == 65)
      #expect(outcome.errorLines.count == 1)
      for word in ["lstm: other.csv: ", kind, "\"south\"", "2002-07-01", value] {
        #expect(outcome.stderr.contains(word), "no \(word) in \(outcome.stderr)")
      }
      #expect(try tool.run([verb, "model", "counts.csv", "--quiet"]).status == 0)
    }
  }

  @Test func aMinimumAboveValuesIsNoted() throws {
    let tool = try Tool()
    try tool.write(Self.counts(nil), to: "counts.csv")
    for (minimum, note) in [("1000", "--min 1000 is above 80 of 80 values"), ("0.5", nil)] {
      let outcome = try tool.run(["forecast", "counts.csv", "--min", minimum] + quick)
      #expect(outcome.status == 0, "\(outcome.stderr)")
      #expect(outcome.stderr.contains(note ?? "--min") == (note != nil), "\(outcome.stderr)")
    }
  }

  // MARK: 8. Memory

  /// A small file that calls itself the largest network there is costs nothing but a look.
  @Test func aModelThatClaimsToBeLarge() throws {
    let tool = try Self.kept([])
    let file = try tool.data("model")
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = String(decoding: file[8..<8 + length], as: UTF8.self)
    let claim =
      header
      .replacingOccurrences(of: #"\"hidden\":3,"#, with: #"\"hidden\":4096,"#)
      .replacingOccurrences(of: #"\"layers\":1,"#, with: #"\"layers\":16,"#)
    try #require(claim.utf8.count == header.utf8.count + 4)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: claim.utf8.count >> (8 * $0)) }
    try tool.write(Data(size) + Data(claim.utf8) + file[(8 + length)...], to: "claim")
    let outcome = try tool.run(["predict", "claim", "counts.csv", "--quiet"])
    #expect(outcome.status == 65)
    #expect(outcome.errorLines.count == 1)
    #expect(
      outcome.stderr.contains("claim: the model's configuration asks for far more weights"),
      "\(outcome.stderr)")
  }
}
