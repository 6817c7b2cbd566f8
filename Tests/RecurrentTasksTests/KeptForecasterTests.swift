import RecurrentCore
import RecurrentFormats
import RecurrentTasks
import TestSupport
import Testing

/// A forecaster that the first version saved, and the forecast it made then.
@Suite struct KeptForecasterTests {
  @Test func aModelOfTheFirstVersionForecastsAsItDid() throws {
    let model = try Forecaster(path: fixturePath("forecaster_v1.safetensors"))
    #expect(model.configuration.horizon == 6)
    #expect(model.configuration.levels == [80, 95])
    let path = fixturePath("../../Examples/air-passengers.csv")
    let table = try SeriesTable(parsing: readFile(path), file: path)
    let forecast = try #require(ForecastStudy.predict(table, by: model).forecasts.first)

    var reader = try CSVReader(
      readFile(fixturePath("forecaster_v1.csv")), file: "forecaster_v1.csv")
    var steps = 0
    while try reader.nextRow() {
      #expect(reader.text(at: 0) == forecast.times[steps].description)
      let bounds = forecast.intervals.flatMap { [$0.lower[steps], $0.upper[steps]] }
      for (column, found) in ([forecast.values[steps]] + bounds).enumerated() {
        let expected = try reader.number(at: 1 + column)
        #expect(abs(found - expected) <= 1e-5 * (1 + abs(expected)), "column \(column)")
      }
      steps += 1
    }
    #expect(steps == 6)
  }
}
