import RecurrentCore
import RecurrentTasks
import Testing

/// How much memory training takes, said beforehand.
@Suite struct ForecastMemoryTests {
  private static func configuration(
    _ cell: String, _ change: (inout ForecastConfiguration) -> Void = { _ in }
  ) -> ForecastConfiguration {
    var configuration = ForecastConfiguration(
      frequency: "integer steps", horizon: 5, season: 3, levels: [80, 95], cell: cell,
      hiddenSize: 7, epochs: 1, members: 1)
    change(&configuration)
    return configuration
  }

  private static let configurations = [
    configuration("lstm"), configuration("gru") { $0.numLayers = 3 },
    configuration("lstm:projection=5,peepholes=i+o") { $0.numLayers = 2 },
    configuration("lstm") {
      $0.decoder = .recurrent
      $0.numLayers = 2
    },
    configuration("mgu") {
      $0.dilations = [2, 3]
      $0.head = .studentT
    },
  ]

  /// The numbers that are counted are those that the network has.
  @Test(arguments: configurations) func parameters(configuration: ForecastConfiguration) throws {
    let values = (0..<60).map { (step: Int) -> Double in
      let rest = step * step % 7
      return Double(step % 3) + Double(rest) / 5
    }
    var journal = try ForecastJournal(job: [:])
    let model = try Forecaster(
      fitting: [ForecastSeries(values)], configuration, journal: &journal, label: "test")
    let count = model.networks[0].tensors.map(\.elements.count).reduce(0, +)
    #expect(try ForecastNetwork.size(configuration, seasons: 4).parameters == count)
  }

  /// Of an LSTM's step a window keeps at least c, h and four gates.
  @Test func whatAWindowKeeps() throws {
    let one = try ForecastNetwork.size(Self.configuration("lstm"), seasons: 1)
    let nine = try ForecastNetwork.size(Self.configuration("lstm"), seasons: 9)
    #expect(nine.recorded - one.recorded >= 8 * 6 * 7)
    #expect(nine.recorded - one.recorded <= 8 * 12 * 7)
  }

  /// 4 (h (2 s + h + 2)) and 15 layers of 4 h (2 h + 2): 2.1 thousand million numbers of 4 bytes.
  @Test func theLargest() throws {
    let largest = Self.configuration("lstm") {
      $0.hiddenSize = 4096
      $0.numLayers = 16
    }
    let lowest = 4 * 4096 * (6 + 4096 + 2)
    let above = 4 * 4096 * (2 * 4096 + 2)
    let weights = lowest + 15 * above
    let bytes = try largest.trainingMemory(usualCount: 100)
    #expect(bytes > 4 * 5 * weights && bytes < 4 * 20 * weights)
    let there = try #require(machineMemory())
    #expect(there > 100_000_000)
  }
}
