import ArgumentParser
import Recurrent

/// Which windows a backtest has.
struct WindowOptions: ParsableArguments {
  @Option(parsing: .unconditional, help: "Backtest windows for each series. Default: 3.")
  var windows: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Steps from one window's beginning to the next one's. Default: the horizon.",
      valueName: "steps"))
  var step: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Every window within the last so many steps of each series, instead of --windows.",
      valueName: "steps"))
  var testSize: Int?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Fit anew before each window, or once, before the first: the networks and the statistical "
        + "base of each series, or in lstm evaluate the base alone. Default: anew for up to 5."))
  var refit: Bool?

  func validate() throws {
    if windows != nil, testSize != nil {
      throw ValidationError("--windows and --test-size say the same thing: give one of them")
    }
    for (name, value, least) in [
      ("--windows", windows ?? 0, 0), ("--step", step ?? 1, 1), ("--test-size", testSize ?? 1, 1),
    ] where !(least...1_000_000).contains(value) {
      throw ValidationError("\(name) is at least \(least) and at most 1000000, found \(value)")
    }
  }

  /// Where a verb is about nothing else.
  func requireWindows() throws {
    if windows == 0 { throw ValidationError("--windows is at least 1 here, found 0") }
  }

  /// A window is as long as the horizon.
  func requireRoom(for horizon: Int) throws {
    guard let testSize, testSize < horizon else { return }
    throw ValidationError(
      "--test-size is at least the horizon, which is \(horizon), found \(testSize)")
  }

  var settings: Backtest.Settings {
    Backtest.Settings(windows: windows ?? 3, step: step, testSize: testSize, refits: refit)
  }

  /// What a checkpoint has to agree with.
  var job: JSONObject {
    [
      "windows": .integer(windows ?? 3), "step": step.map(JSONValue.integer) ?? .null,
      "test_size": testSize.map(JSONValue.integer) ?? .null,
      "refit": refit.map(JSONValue.bool) ?? .null,
    ]
  }
}

/// Where the details of a backtest go.
struct JudgingOptions: ParsableArguments {
  @Option(
    help: "Where each method's scores in each backtest window go, CSV; - for standard output.")
  var scores: String?

  @Option(help: "Where each method's forecasts of the backtest go, CSV; - for standard output.")
  var forecasts: String?

  @Option(help: "Where a report goes: one page of HTML with everything that can be seen.")
  var report: String?

  /// All of them, for their names to be looked at.
  var written: [String?] { [scores, forecasts, report] }

  /// Without a backtest there is nothing to write.
  func requireBacktest(_ windows: WindowOptions) throws {
    guard windows.windows == 0 else { return }
    for (name, path) in [("--scores", scores), ("--forecasts", forecasts)] where path != nil {
      throw ValidationError("\(name) is of a backtest, and --windows 0 asks for none")
    }
  }

  func check() throws {
    for path in written { if let path { try OutputFile.check(path) } }
  }

  /// What is to be written; without a backtest there are no scores.
  ///
  /// - Parameter curve: How the losses fell, where something was trained.
  func files(
    of study: ForecastStudy, curve: TrainingCurve = TrainingCurve()
  ) -> [OutputFile.Content] {
    var files: [OutputFile.Content] = []
    if let scores, let record = study.backtest {
      files.append((scores, Array(record.scoresCSV.utf8)))
    }
    if let forecasts, let record = study.backtest {
      files.append((forecasts, Array(record.forecastsCSV.utf8)))
    }
    if let report {
      files.append((report, Array(ForecastReport(study, curve: curve).html.utf8)))
    }
    return files
  }
}
