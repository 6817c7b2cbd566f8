/// A model to start from whose networks are of another kind or size than those to be trained.
public struct ForecastStartError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The first thing that differs, as "horizon 12, not 6".
  public let difference: String

  /// - Parameters:
  ///   - found: What the model to start from is made of.
  ///   - wanted: What is to be trained.
  package init(_ found: ForecastConfiguration, wanted: ForecastConfiguration) {
    let differences = zip(Self.shape(of: found), Self.shape(of: wanted)).filter { $0 != $1 }
    difference =
      differences.first.map { "\($0.name) \($0.value), not \($1.value)" }
      ?? "networks of another shape"
  }

  public var description: String {
    "the networks of the model to start from are not of this kind and size: it has \(difference)"
  }

  private struct Fact: Hashable {
    var name: String
    var value: String
  }

  /// All that the shapes of a network's weights depend on.
  private static func shape(of configuration: ForecastConfiguration) -> [Fact] {
    let features = configuration.features
    let list = { (texts: [String]) in texts.isEmpty ? "none" : texts.joined(separator: ",") }
    return [
      Fact(name: "cell", value: configuration.cell),
      Fact(name: "layers", value: "\(configuration.numLayers)"),
      Fact(name: "units", value: "\(configuration.hiddenSize)"),
      Fact(name: "horizon", value: "\(configuration.horizon)"),
      Fact(name: "season", value: "\(configuration.season)"),
      Fact(name: "head", value: configuration.head.rawValue),
      Fact(name: "decoder", value: configuration.decoder.rawValue),
      Fact(name: "dilations", value: list(configuration.dilations.map(String.init))),
      Fact(name: "covariates known in the future", value: "\(features.known)"),
      Fact(name: "covariates of the past", value: "\(features.past)"),
      Fact(name: "static covariates", value: "\(features.statics)"),
      Fact(
        name: "levels",
        value: list(configuration.levels.map { $0 == $0.rounded() ? "\(Int($0))" : "\($0)" })),
    ]
  }
}
