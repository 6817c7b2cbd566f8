import Foundation
import Testing

/// One thing that the tool refuses: how it ends, and what its line has to say.
private struct Refusal: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var status: Int32
  var words: [String]
  var arguments = ["forecast", "table.csv"] + quick
  var table = Data(Table(months: 40).csv.utf8)
  /// Where standard output goes, if not to a file that takes it.
  var output: String?

  /// A fault in the table.
  static func table(_ name: String, _ words: [String], _ csv: String, _ more: [String] = [])
    -> Refusal
  {
    var refusal = Refusal(
      testDescription: name, status: 65, words: ["table.csv"] + words, table: Data(csv.utf8))
    refusal.arguments += more
    return refusal
  }

  /// A fault in a row of an otherwise good table.
  static func row(_ name: String, _ words: [String], _ text: String) -> Refusal {
    table(name, [":22:"] + words, Table(months: 40).with(row: 20, text).csv)
  }

  /// A fault in the options.
  static func usage(_ words: [String], _ options: String...) -> Refusal {
    Refusal(
      testDescription: options.joined(separator: " "), status: 64, words: words,
      arguments: ["forecast", "table.csv"] + quick + options)
  }

  /// A file that cannot be written.
  static func output(_ status: Int32, _ words: [String], _ options: String...) -> Refusal {
    Refusal(
      testDescription: options.joined(separator: " "), status: status, words: words,
      arguments: ["forecast", "table.csv"] + quick + options)
  }

  /// Other words than those of a forecast.
  static func command(_ status: Int32, _ words: [String], _ arguments: String...) -> Refusal {
    Refusal(
      testDescription: arguments.joined(separator: " "), status: status, words: words,
      arguments: arguments)
  }

  /// Puts the table beside a folder, a model and files that are none, and runs the tool.
  func check() throws {
    let tool = try Tool()
    try FileManager.default.createDirectory(
      atPath: tool.path("folder"), withIntermediateDirectories: false)
    try tool.write(table, to: "table.csv")
    try tool.write("nothing of the kind", to: "text.safetensors")
    try tool.write(Data(), to: "empty.safetensors")
    try KeptFiles.shared.get().put(in: tool)
    let before = try tool.files
    let contents = try before.filter { $0 != "folder" }.map(tool.data)

    let outcome = try tool.run(arguments, output: output)
    #expect(outcome.status == status, "\(outcome.stderr)")
    #expect(outcome.stdout == "")
    #expect(outcome.errorLines.count == 1, "\(outcome.stderr)")
    #expect(outcome.stderr.hasPrefix("lstm: ") && outcome.stderr.hasSuffix("\n"))
    for word in words {
      #expect(outcome.stderr.contains(word), "no \"\(word)\" in \(outcome.stderr)")
    }
    // Hidden ones too: what is half-written goes.
    #expect(try tool.files == before)
    #expect(try before.filter { $0 != "folder" }.map(tool.data) == contents)
  }
}

/// A model and a checkpoint, made once for all tests.
private struct KeptFiles {
  private let model: Data
  private let checkpoint: Data

  static let shared = Result { try KeptFiles() }

  private init() throws {
    let tool = try Tool()
    try tool.write(Table(months: 40).csv, to: "table.csv")
    let outcome = try tool.run(
      ["train", "forecast", "table.csv", "--horizon", "3", "--epochs", "1", "--hidden", "4"]
        + ["--save", "model.safetensors", "--checkpoint", "checkpoint.safetensors"])
    try #require(outcome.status == 0, "\(outcome.stderr)")
    model = try tool.data("model.safetensors")
    checkpoint = try tool.data("checkpoint.safetensors")
  }

  func put(in tool: Tool) throws {
    try tool.write(model, to: "model.safetensors")
    try tool.write(model.dropLast(7), to: "cut.safetensors")
    try tool.write(model.prefix(100), to: "stub.safetensors")
    try tool.write(checkpoint, to: "checkpoint.safetensors")
    try tool.write(checkpoint.dropLast(1), to: "cut-checkpoint.safetensors")
    // The task is the model's own word, of the same length in every other task's file.
    var other = model
    if let task = other.range(of: Data("task\\\":\\\"forecast".utf8)) {
      other.replaceSubrange(task, with: Data("task\\\":\\\"classify".utf8))
    }
    try tool.write(other, to: "other-task.safetensors")
  }
}

private let needed = ["at least 2 values are needed", "the series has 1"]

@Suite struct RefusedInput {
  // MARK: Tables

  private static let tables: [Refusal] = [
    .command(66, ["missing.csv", "No such file"], "forecast", "missing.csv", "--horizon", "3"),
    .command(66, ["folder", "directory"], "forecast", "folder", "--horizon", "3"),
    .command(65, ["-", "empty"], "forecast", "-", "--horizon", "3"),
    .table("an empty file", ["empty"], ""),
    .table("a byte order mark alone", ["empty"], "\u{FEFF}"),
    .table("a header alone", ["no rows"], "ds,y\n"),
    .table("a header without a newline", ["no rows"], "ds,y"),
    .table("no column of values", [":1:", "no column \"y\"", "\"z\""], "ds,x,z\n2000-01,1,2\n"),
    .table("no column of times", [":1:", "no column \"ds\""], "x,y,z\na,1,2\n"),
    .table(
      "no column of that name", [":1:", "\"price\""], Table(months: 40).csv,
      ["--value-column", "price"]),
    .table(
      "no column of ids of that name", [":1:", "\"shop\""], Table(months: 40).csv,
      ["--id-column", "shop"]),
    .table("two columns of one name", [":1:", "two columns", "\"y\""], "ds,y,y\n2000-01-01,1,2\n"),
    .table(
      "one column for two things", [":1:", "cannot hold both"], Table(months: 40).csv,
      ["--value-column", "ds"]),
    .table(
      "two decimal marks", [":3:", "decimal point", "line 2"],
      "ds;y\n2000-01;1,5\n2000-02;2.5\n"),
    .table(
      "days or months first", ["01/02/2000", "%d/%m/%Y", "%m/%d/%Y"],
      "ds,y\n01/02/2000,1\n02/02/2000,2\n03/02/2000,3\n"),
    .table(
      "values to fill in", ["1 value is missing: line 3 (2000-02)", "--fill zero"],
      "ds,y\n2000-01,1\n2000-02,\n2000-03,3\n", ["--fill", "none"]),
    .table(
      "a future that is not known", ["price", "3 rows", "2000-04, 2000-05", "lstm future"],
      "ds,y,price\n2000-01,1,1\n2000-02,2,2\n2000-03,3,3\n", ["--known", "price"]),
    .table(
      "a known column that is not there", [":1:", "no column \"price\"", "--known"],
      Table(months: 40).csv, ["--known", "price"]),
    .row("no number", ["column \"y\": \"abc\""], "2001-09-01,abc"),
    .row("a number and more", ["column \"y\": \"12 apples\""], "2001-09-01,12 apples"),
    .row("infinity", ["column \"y\"", "infinite"], "2001-09-01,inf"),
    .row("minus infinity", ["column \"y\"", "infinite"], "2001-09-01,-Infinity"),
    .row("a number too large", ["column \"y\"", "1e999"], "2001-09-01,1e999"),
    .row("no time", ["column \"ds\"", "\"yesterday\""], "yesterday,3"),
    .row("a time missing", ["column \"ds\"", "missing"], ",3"),
    .row("a day that no calendar has", ["column \"ds\"", "2001-02-30"], "2001-02-30,3"),
    .row("a field too few", ["1"], "2001-09-01"),
    .row("a field too many", ["3"], "2001-09-01,3,4"),
    .row("a control character", ["\\u"], "2001-09-01,\u{1}\u{7}"),
    .table(
      "times beyond the last", ["beyond the year 9999", "at most 1"],
      "ds,y\n9995-01-01,1\n9996-01-01,2\n9997-01-01,2\n9998-01-01,3\n"),
    .table(
      "a covariate too large", [":3:", "column \"x\"", "4e38", "too large"],
      "ds,y,x\n2000-01,1,1\n2000-02,2,4e38\n2000-03,3,3\n", ["--past", "x"]),
    .row("a time twice", ["2001-08-01", "twice", "line 21"], "2001-08-01,3"),
    .table("a quote that stays open", [":3:"], "ds,y\n2000-01-01,1\n2000-02-01,\"2\n2000-03,3\n"),
    .table(
      "times that fit no frequency", [":4:"], "ds,y\n2000-01-01,1\n2000-01-02,2\n2000-02-17T03,4\n"),
    .table("one value", needed, "ds,y\n2000-01-01,1\n2000-02-01,\n"),
    .table("no value", ["at least 2 values are needed"], "ds,y\n2000-01-01,\n2000-02-01,\n"),
    Refusal(
      testDescription: "invalid UTF-8", status: 65, words: ["table.csv:3:", "UTF-8"],
      table: Data("ds,y\n2000-01-01,1\n2000-02-01,".utf8) + [0xFF, 0x0A]),
    Refusal(
      testDescription: "a workbook", status: 65, words: ["table.csv", "Excel workbook", "CSV"],
      table: Data("PK\u{3}\u{4}".utf8) + [0x14, 0x00, 0x06, 0x00]),
    Refusal(
      testDescription: "an archive", status: 65, words: ["table.csv", "gzip", "unpack"],
      table: Data([0x1F, 0x8B, 0x08, 0x00, 0x00])),
    Refusal(
      testDescription: "UTF-16", status: 65, words: ["table.csv", "UTF-8"],
      table: Data([0xFF, 0xFE]) + "ds,y\n".utf8.flatMap { [$0, 0] }),
  ]

  @Test(arguments: tables) fileprivate func table(_ refusal: Refusal) throws {
    try refusal.check()
  }

  // MARK: Options

  private static let options: [Refusal] = [
    .usage(["--horizon", "0"], "--horizon", "0"),
    .usage(["--horizon", "-3"], "--horizon=-3"),
    .usage(["--horizon", "at least 1", "-3"], "--horizon", "-3"),
    .usage(["many", "--horizon"], "--horizon", "many"),
    .usage(["--horizon"], "--horizon", "1e3"),
    .usage(["--horizon"], "--horizon", "99999999999999999999"),
    .usage(["--horizonn", "--horizon"], "--horizonn", "3"),
    .usage(["--precision", "bfloat16", "half"], "--precision", "half"),
    .usage(["--cell", "\"lstn\"", "did you mean lstm?"], "--cell", "lstn"),
    .usage(["--cell", "\"transformer\"", "lstm-peephole, lstm-coupled"], "--cell", "transformer"),
    .usage(["--cell", "peephole"], "--cell", "lstm:peephole=i"),
    .usage(["--cell", "peepholes", "\"i+x\""], "--cell", "lstm:peepholes=i+x"),
    .usage(["--cell", "projection", "\"0\""], "--cell", "lstm:projection=0"),
    .usage(["--cell", "name=value"], "--cell", "lstm:"),
    .usage(["--level", "\"0\""], "--level", "0"),
    .usage(["--level", "\"100\""], "--level", "80,100"),
    .usage(["--level", "\"abc\""], "--level", "abc"),
    .usage(["--level", "\"\""], "--level", "80,"),
    .usage(["--level", "\"nan\""], "--level", "nan"),
    .usage(["--hidden", "0"], "--hidden", "0"),
    .usage(["--layers", "0"], "--layers", "0"),
    .usage(["--epochs", "0"], "--epochs", "0"),
    .usage(["--threads", "0"], "--threads", "0"),
    .usage(["--windows", "-1"], "--windows=-1"),
    .usage(["--windows is at least 0", "-1"], "--windows", "-1"),
    .usage(["--season", "0"], "--season", "0"),
    .usage(["--seed"], "--seed", "one"),
    .usage(["--fill", "mean"], "--fill", "mean"),
    .usage(["--calendar", "\"hours\"", "weekday"], "--calendar", "hours"),
    .usage(["--date-format", "\"%d/%m\""], "--date-format", "%d/%m"),
    .usage(
      ["GB of memory", "--hidden", "--layers", "members"],
      "--layers", "16", "--decoder", "recurrent", "--members", "64", "--dilations",
      "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", "--hidden", "4096"),
    .usage(["--wide"], "--wide", "--value-column", "y"),
    .usage(["table.csv", "read"], "--future", "table.csv", "--output", "table.csv"),
    .usage(["--json", "standard output"], "--output", "-", "--json"),
    .usage(["same"], "--output", "a.csv", "--plot", "a.csv"),
    .usage(["same"], "--output", "a.csv", "--save", "a.csv"),
    .usage(["standard output"], "--save", "-", "--json"),
    .usage(["table.csv"], "--output", "table.csv"),
    .usage(["two.csv"], "two.csv"),
    .command(64, ["--horizon"], "forecast", "table.csv"),
    .command(
      64, ["unknown option --horizont; did you mean --horizon?", "lstm help forecast"], "forecast",
      "table.csv", "--horizont", "12"),
    .command(
      64, ["unknown option --epoch; did you mean --epochs?"], "train", "forecast", "table.csv",
      "--save", "m", "--epoch=3"),
    .command(
      64, ["unknown option --photosynthesis (see"], "backtest", "table.csv", "--photosynthesis"),
    .command(64, ["--horizon"], "forecast", "table.csv", "--", "--horizont"),
    .command(64, ["data"], "forecast", "--horizon", "3"),
    .command(64, ["fortell"], "fortell"),
    .command(64, ["--save"], "train", "forecast", "table.csv", "--horizon", "3"),
    .command(64, ["tag"], "train", "tag", "table.csv"),
    .command(64, ["--windows"], "evaluate", "model.safetensors", "table.csv", "--windows", "0"),
  ]

  @Test(arguments: options) fileprivate func option(_ refusal: Refusal) throws {
    try refusal.check()
  }

  // MARK: Places to write to

  private static let outputs: [Refusal] = [
    .output(73, ["nowhere/a.csv", "No such file"], "--output", "nowhere/a.csv"),
    .output(73, ["nowhere/a.svg"], "--plot", "nowhere/a.svg"),
    .output(73, ["nowhere/m"], "--save", "nowhere/m"),
    .output(73, ["nowhere/c"], "--checkpoint", "nowhere/c"),
    .output(73, ["nowhere/l"], "--log", "nowhere/l"),
    .output(73, ["table.csv/a.csv", "Not a directory"], "--output", "table.csv/a.csv"),
    .output(73, ["folder", "directory"], "--save", "folder"),
    .command(
      73, ["nowhere/a.csv"], "predict", "model.safetensors", "table.csv", "--output",
      "nowhere/a.csv"),
    .command(
      73, ["nowhere/m"], "train", "forecast", "table.csv", "--horizon", "3", "--save",
      "nowhere/m"),
  ]

  @Test(arguments: outputs) fileprivate func output(_ refusal: Refusal) throws {
    try refusal.check()
  }

  /// Minutes of training come after the places to write to were looked at, not before.
  @Test func outputsAreLookedAtFirst() throws {
    let tool = try Tool()
    try tool.write(Table(months: 140).csv, to: "table.csv")
    let outcome = try tool.run(
      [
        "forecast", "table.csv", "--horizon", "3", "--epochs", "1", "--checkpoint", "c", "--save",
        "nowhere/m",
      ])
    #expect(outcome.status == 73)
    // A training that had begun would have left its checkpoint.
    #expect(try tool.files == ["table.csv"])
  }

  /// Root may write everywhere.
  @Test(.enabled(if: geteuid() != 0)) func aFolderThatCannotBeWritten() throws {
    let tool = try Tool()
    try tool.write(Table(months: 40).csv, to: "table.csv")
    let folder = tool.path("folder")
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o500])
    let outcome = try tool.run(["forecast", "table.csv"] + quick + ["--plot", "folder/a.svg"])
    #expect(outcome.status == 73)
    #expect(outcome.errorLines.count == 1 && outcome.stderr.contains("folder/a.svg"))
    #expect(try tool.files == ["folder", "table.csv"])
  }

  /// Whatever cannot be written, nothing else is left either.
  private static let full: [Refusal] = [
    .output(74, ["/dev/full", "No space"], "--output", "/dev/full"),
    .output(74, ["/dev/full"], "--plot", "/dev/full"),
    .output(74, ["/dev/full"], "--save", "/dev/full"),
    .output(74, ["/dev/full"], "--checkpoint", "/dev/full"),
    .output(74, ["/dev/full"], "--log", "/dev/full"),
    Refusal(
      testDescription: "standard output, JSON", status: 74, words: ["standard output", "No space"],
      arguments: ["forecast", "table.csv", "--json", "--save", "m"] + quick, output: "/dev/full"),
    Refusal(
      testDescription: "standard output, text", status: 74, words: ["standard output"],
      output: "/dev/full"),
    Refusal(
      testDescription: "standard output, the forecast", status: 74, words: ["standard output"],
      arguments: ["forecast", "table.csv", "--output", "-"] + quick, output: "/dev/full"),
    Refusal(
      testDescription: "standard output, a prediction", status: 74, words: ["standard output"],
      arguments: ["predict", "model.safetensors", "table.csv", "--json"], output: "/dev/full"),
    Refusal(
      testDescription: "standard output, an evaluation", status: 74, words: ["standard output"],
      arguments: ["evaluate", "model.safetensors", "table.csv", "--json"], output: "/dev/full"),
    Refusal(
      testDescription: "standard output, training", status: 74, words: ["standard output"],
      arguments: [
        "train", "forecast", "table.csv", "--horizon", "3", "--epochs", "1", "--save", "m",
      ],
      output: "/dev/full"),
    Refusal(
      testDescription: "standard output, help", status: 74, words: ["standard output"],
      arguments: ["forecast", "--help"], output: "/dev/full"),
  ]

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")), arguments: full)
  fileprivate func fullDisk(_ refusal: Refusal) throws { try refusal.check() }

  // MARK: Models and checkpoints

  private static let models: [Refusal] = [
    .command(
      64, ["--known", "kept model"], "predict", "model.safetensors", "table.csv", "--known", "foo"),
    .command(
      64, ["--calendar", "kept model"], "evaluate", "model.safetensors", "table.csv", "--calendar",
      "month"),
    .command(
      64, ["--past", "kept model"], "evaluate", "model.safetensors", "table.csv", "--past", "foo"),
    .command(
      64, ["--seed", "kept model"], "predict", "model.safetensors", "table.csv", "--seed", "2"),
    .command(66, ["absent", "No such file"], "predict", "absent.safetensors", "table.csv"),
    .command(66, ["folder"], "predict", "folder", "table.csv"),
    .command(65, ["text.safetensors"], "predict", "text.safetensors", "table.csv"),
    .command(65, ["empty.safetensors"], "predict", "empty.safetensors", "table.csv"),
    .command(65, ["stub.safetensors"], "predict", "stub.safetensors", "table.csv"),
    .command(65, ["cut.safetensors"], "predict", "cut.safetensors", "table.csv"),
    .command(65, ["cut.safetensors"], "evaluate", "cut.safetensors", "table.csv"),
    .command(65, ["table.csv"], "predict", "table.csv", "model.safetensors"),
    .command(
      65, ["other-task.safetensors", "\"classify\"", "forecast"], "predict",
      "other-task.safetensors", "table.csv"),
    .command(
      65, ["checkpoint.safetensors", "checkpoint"], "predict", "checkpoint.safetensors",
      "table.csv"),
    .command(66, ["missing.csv"], "predict", "model.safetensors", "missing.csv"),
  ]

  @Test(arguments: models) fileprivate func model(_ refusal: Refusal) throws {
    try refusal.check()
  }

  /// The words that made the checkpoint, and others.
  private static func resuming(_ status: Int32, _ words: [String], _ options: String...) -> Refusal
  {
    var refusal = Refusal(
      testDescription: options.joined(separator: " "), status: status, words: words,
      arguments: ["train", "forecast", "table.csv", "--save", "m", "--epochs", "1"] + options)
    if !options.contains("--horizon") { refusal.arguments += ["--horizon", "3"] }
    if !options.contains("--hidden") { refusal.arguments += ["--hidden", "4"] }
    return refusal
  }

  private static let checkpoints: [Refusal] = [
    resuming(66, ["absent", "No such file"], "--resume", "absent.safetensors"),
    resuming(65, ["text.safetensors"], "--resume", "text.safetensors"),
    resuming(65, ["cut-checkpoint"], "--resume", "cut-checkpoint.safetensors"),
    resuming(65, ["model.safetensors"], "--resume", "model.safetensors"),
    resuming(
      65, ["checkpoint.safetensors", "other options"], "--resume", "checkpoint.safetensors",
      "--horizon", "4"),
    resuming(
      65, ["checkpoint.safetensors", "other options"], "--resume", "checkpoint.safetensors",
      "--seed", "2"),
    resuming(
      65, ["checkpoint.safetensors", "other options"], "--resume", "checkpoint.safetensors",
      "--hidden", "5"),
  ]

  @Test(arguments: checkpoints) fileprivate func checkpoint(_ refusal: Refusal) throws {
    try refusal.check()
  }

  @Test func aCheckpointOfOtherData() throws {
    var refusal = Self.resuming(
      65, ["checkpoint.safetensors", "other data"], "--resume", "checkpoint.safetensors")
    refusal.table = Data(Table(months: 40).with(row: 20, "2001-09-01,111").csv.utf8)
    try refusal.check()
  }
}
