import RecurrentCore
import RecurrentFormats

/// A saved model that is no forecaster, or one that this version cannot use.
public struct ForecastModelError: Error, Sendable, Hashable, CustomStringConvertible {
  public var file: String
  public var message: String
  public var description: String { "\(file): \(message)" }

  public init(file: String, message: String) {
    self.file = file
    self.message = message
  }
}

extension Forecaster {
  static let task = "forecast"

  /// The file to be: the networks' weights, `network.0.recurrent.weight_ih_l0` and so on, and in the
  /// metadata the configuration, how much the networks count, and how wide their bands are.
  ///
  /// - Parameter training: What the model was trained on and how well it did, for those who look.
  public func document(training: JSONObject = [:]) -> SafetensorsDocument {
    ModelFile.document(
      Networks(network: networks),
      configuration: [
        "task": .string(Self.task), "forecast": .object(configuration.json),
        "seasons": .integer(seasons), "blend": .number(blend),
        "calibration": .object(calibration.json), "training": .object(training),
      ])
  }

  /// Opens a saved forecaster.
  ///
  /// - Throws: `TensorFileError` for a file that cannot be read, ``ForecastModelError`` for one that
  ///   holds no forecaster, `TensorMismatch` for weights that do not fit.
  public init(path: String, on context: ComputeContext = .default) throws {
    let file = try ModelFile(path: path)
    func fault(_ message: String) -> ForecastModelError {
      ForecastModelError(file: path, message: message)
    }
    guard let task = file.configuration["task"]?.string else {
      throw fault("the model does not say what it is for")
    }
    guard task == Self.task else {
      throw fault("a model for \(quotedForMessage(task)), not for forecasting")
    }
    guard let object = file.configuration["forecast"]?.object,
      let configuration = ForecastConfiguration(json: object),
      let seasons = file.configuration["seasons"]?.integer, (1...1000).contains(seasons),
      let blend = file.configuration["blend"]?.number, blend >= 0, blend <= 1,
      let calibration = ConformalCalibration(json: file.configuration, configuration)
    else { throw fault("the model's configuration is damaged") }
    let weights = file.tensors.entries.filter { $0.name.hasPrefix("network.") }
    let hasNetworks = !weights.isEmpty
    // A few bytes must not ask for the memory of the largest network there is.
    let size = try ForecastNetwork.size(configuration, seasons: seasons)
    guard !hasNetworks || size.parameters / 2 <= weights.reduce(0, { $0 + $1.count }) else {
      throw fault("the model's configuration asks for far more weights than there are")
    }
    let blank = try ForecastNetwork(
      configuration, key: RandomKey(seed: 0), on: context)
    let networks = Networks(
      network: Array(repeating: blank, count: hasNetworks ? configuration.members : 0))
    self.init(
      configuration, seasons: seasons, networks: try networks.loaded(from: file.tensors).network,
      blend: blend, calibration: calibration, on: context)
  }

  private struct Networks: TensorTree {
    var network: [ForecastNetwork]
    mutating func visit(_ visitor: inout some TensorVisitor) {
      visitor.visit("network", &network)
    }
  }
}

extension ConformalCalibration {
  fileprivate var json: JSONObject {
    func array(_ factors: [[Double]]) -> JSONValue {
      .array(factors.map { .array($0.map(JSONValue.number)) })
    }
    return ["below": array(below), "above": array(above)]
  }

  /// Nil where it is missing or does not fit. The first version had one factor a level, `widening`.
  fileprivate init?(json: JSONObject, _ configuration: ForecastConfiguration) {
    let (levels, horizon) = (configuration.levels, configuration.horizon)
    func factors(_ side: String) -> [[Double]]? {
      let factors =
        if let calibration = json["calibration"]?.object {
          calibration[side]?.array?.compactMap { $0.array?.compactMap(\.number) }
        } else {
          json["widening"]?.array?.compactMap(\.number).map {
            [Double](repeating: $0, count: horizon)
          }
        }
      guard let factors, factors.count == levels.count,
        factors.allSatisfy({ $0.count == horizon && $0.allSatisfy { $0 > 0 } })
      else { return nil }
      return factors
    }
    guard let below = factors("below"), let above = factors("above") else { return nil }
    self.init(levels: levels, below: below, above: above)
  }
}
