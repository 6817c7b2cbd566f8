import RecurrentFormats
import RecurrentTasks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Beside statsmodels.
@Suite struct ETSGolden {
  @Test func sameLikelihoodAndForecastsForTheSameParameters() {
    for series in StatisticsGolden.cases("ets") {
      let values = series["values"]!.numbers
      for model in series["models"]!.array! {
        let form = ETS.Form(model["form"]!)
        let parameters = ETS.Parameters(model)
        var likelihood = ETSLikelihood(form, of: values)
        expectClose([likelihood.run(parameters)], [-model.number("logLikelihood")], within: 1e-6)
        let expected = model["forecasts"]!.numbers
        expectClose(
          ETS(form, parameters, variance: 1).forecasts(
            of: values, origins: [values.count], horizon: expected.count),
          expected, within: 1e-6)
      }
    }
  }

  /// statsmodels lets β and γ go below 0.0001, and has the advantage there.
  @Test func fitsAtLeastAsWell() {
    var worse = 0
    var count = 0
    for series in StatisticsGolden.cases("ets") {
      let values = series["values"]!.numbers
      let fits = ETS.fits(to: values, season: series["season"]!.integer!)
      let models = series["models"]!.array!
      #expect(fits.count == models.count)
      for model in models {
        let form = ETS.Form(model["form"]!)
        let fit = fits.first { $0.form == form }!
        count += 1
        if fit.logLikelihood < model.number("logLikelihood") - 0.06 { worse += 1 }
        if fit.name == series["best"]!.string! {
          #expect(fit.logLikelihood > model.number("logLikelihood") - 0.03)
        }
      }
      let chosen = ETS(fitting: values, season: series["season"]!.integer!)
      #expect(chosen?.name == series["best"]!.string!)
    }
    // One has two valleys, the deeper of which is found late.
    #expect(count == 48 && worse <= 1)
  }

  @Test func variancesOfSimulatedFutures() {
    for model in StatisticsGolden.cases("variances") {
      let form = ETS.Form(model["form"]!)
      let parameters = ETS.Parameters(model)
      let expected = model["variances"]!.numbers
      let ets = ETS(form, parameters, variance: model.number("variance"))
      let found = ets.variances(of: [], origins: [0], horizon: expected.count)
      for (found, expected) in zip(found, expected) {
        #expect(abs(found / expected - 1) < 0.01)
      }
    }
  }
}

@Suite struct ETSTests {
  private let forms: [ETS.Form] = ETS.Errors.allCases.flatMap { errors in
    ETS.Trend.allCases.flatMap { trend in
      ETS.Seasonality.allCases.map { ETS.Form(errors: errors, trend: trend, seasonality: $0) }
    }
  }

  /// Every derivative against differences of the likelihood, with a value missing.
  @Test func derivatives() {
    var values = series(23) { 20 + $0 + 6 * wave($0, 5) + cos($0 * $0) }
    values[11] = .nan
    for form in forms {
      let pattern = form.seasonality
      let seasonal: [Double] =
        pattern == .none
        ? [0] : pattern == .additive ? [3, 1, -2, -4, 2] : [1.2, 1.1, 0.9, 0.7, 1.1]
      let start = ETS.State(level: 21, slope: 0.9, seasonal: seasonal)
      let parameters = ETS.Parameters(alpha: 0.3, beta: 0.1, gamma: 0.2, phi: 0.95, start: start)
      var likelihood = ETSLikelihood(form, of: values)
      _ = likelihood.run(parameters)
      let slopes = likelihood.derivatives()
      func expect(_ path: WritableKeyPath<ETS.Parameters, Double>) {
        var (less, more) = (parameters, parameters)
        let step = 1e-5
        less[keyPath: path] -= step
        more[keyPath: path] += step
        let difference = (likelihood.run(more) - likelihood.run(less)) / (2 * step)
        let found = slopes[keyPath: path]
        #expect(abs(found - difference) < 1e-6 * (1 + abs(difference)), "\(form) \(path)")
      }
      expect(\.alpha)
      expect(\.beta)
      expect(\.phi)
      expect(\.start.level)
      expect(\.start.slope)
      if pattern != .none {
        expect(\.gamma)
        for phase in 0..<5 { expect(\.start.seasonal[phase]) }
      }
    }
  }

  @Test func whatHasNoErrorIsContinued() throws {
    let origins = [37]
    let ramp = series(37) { 3 + 2 * $0 }
    let line = try #require(ETS(fitting: ramp, season: 1))
    expectClose(line.forecasts(of: ramp, origins: origins, horizon: 3), [77, 79, 81], within: 1e-5)
    let weeks = series(37) { 10 + [4.0, 1, -2, -3, 0][Int($0) % 5] }
    let season = try #require(ETS(fitting: weeks, season: 5))
    expectClose(
      season.forecasts(of: weeks, origins: origins, horizon: 6), [8, 7, 10, 14, 11, 8],
      within: 1e-5)
  }

  @Test func fewValues() throws {
    #expect(ETS(fitting: [], season: 12) == nil)
    #expect(ETS(fitting: [.nan, .nan], season: 1) == nil)
    for (values, expected): ([Double], Double) in [
      ([5], 5), ([.nan, 3, 4], 4), ([1, 2], 2), ([7, 7, 7, 7, 7, 7, 7, 7], 7), ([0, 0, 0], 0),
    ] {
      let model = try #require(ETS(fitting: values, season: 12))
      #expect(model.name == "ETS(A,N,N)")
      expectClose(
        model.forecasts(of: values, origins: [values.count], horizon: 2), [expected, expected],
        within: 2e-4)
    }
  }

  /// Phase 7 is missing at place 7; at place 19 its moving average needs 6 values more.
  @Test func shortSeasons() throws {
    for count in 5..<40 {
      let values = series(count) { $0 == 7 ? .nan : 30 + 10 * wave($0, 12) + cos($0 * $0) }
      let fits = ETS.fits(to: values, season: 12)
      #expect(!fits.isEmpty)
      let isSeasonal = fits.contains { $0.form.seasonality != .none }
      #expect(isSeasonal == (count >= 26))
      let model = try #require(ETS(fitting: values, season: 12))
      let variances = model.variances(of: values, origins: [count], horizon: 13)
      #expect(variances.allSatisfy { $0 > 0 && $0.isFinite })
    }
  }

  /// The criterion would count 96 parameters.
  @Test func longSeasons() throws {
    let known = 10 * 96
    let values = series(known + 96) { 200 + 10 * wave($0, 96) + 3 * cos($0 * $0) }
    let history = Array(values[..<known])
    let model = try #require(ETS(fitting: history, season: 96))
    #expect(model.season == 96)
    func error(_ forecasts: some Sequence<Double>) -> Double {
      zip(values[known...], forecasts).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    let last = error(history.suffix(96))
    #expect(error(model.forecasts(of: history, origins: [known], horizon: 96)) < last)
    let noise = series(known) { 200 + 3 * cos($0 * $0) }
    #expect(try #require(ETS(fitting: noise, season: 96)).season == 1)
    let short = try #require(ETS(fitting: Array(history.suffix(200)), season: 96))
    #expect(short.season == 1)
  }

  @Test func missingValuesAreNoErrors() throws {
    let model = try #require(ETS(fitting: SeasonWithGaps.values, season: 7))
    #expect(model.season == 7)
    SeasonWithGaps.expectNoErrors(of: model, within: 2.5)
  }

  @Test func originsAreIndependent() throws {
    let values = series(61) { 50 + $0 + 8 * wave($0, 4) * (1 + $0 / 60) + cos($0 * $0) }
    for fit in ETS.fits(to: values, season: 4) {
      fit.expectIndependentOrigins(of: values)
    }
  }

  /// Of a long series the end counts, and phases stay where they are.
  @Test func longSeries() throws {
    let values = series(1234) { 100 + 20 * wave($0, 7) + 30 * wave($0, 500) + 3 * cos($0 * $0) }
    let model = try #require(ETS(fitting: values, season: 7))
    let skipped = 868
    let end = try #require(ETS(fitting: Array(values[skipped...]), season: 7))
    #expect(model.parameters == end.parameters)
    #expect(
      model.forecasts(of: values, origins: [1000, 1234], horizon: 9)
        == end.forecasts(
          of: Array(values[skipped...]), origins: [1000 - skipped, 1234 - skipped], horizon: 9))
    let before = model.forecasts(of: values, origins: [300, 1234], horizon: 9)
    #expect(before[..<9].allSatisfy { $0.isNaN })
    #expect(Array(before[9...]) == model.forecasts(of: values, origins: [1234], horizon: 9))
  }

  /// A season too long to be estimated phase by phase.
  @Test func longSeason() throws {
    let values = series(313) { 60 + 20 * wave($0, 52) + 5 * wave($0, 13) + cos($0 * $0) }
    let model = try #require(ETS(fitting: values, season: 52))
    #expect(model.season == 52)
    let truth = series(365) { 60 + 20 * wave($0, 52) + 5 * wave($0, 13) }[313...]
    for (found, expected) in zip(model.forecasts(of: values, origins: [313], horizon: 52), truth) {
      #expect(abs(found - expected) < 2.5)
    }
  }

  /// Multiplied errors so large that a season's product of them runs away are no choice.
  @Test func wildErrorsAreAdded() throws {
    let values = series(96) { exp(2 * wave($0, 24) + 1.5 * cos($0 * $0)) }
    let model = try #require(ETS(fitting: values, season: 24))
    #expect(model.form.errors == .additive || model.variance * 24 <= 1)
    #expect(ETS.fits(to: values, season: 24).contains { $0.variance * 24 > 1 })
  }
}
