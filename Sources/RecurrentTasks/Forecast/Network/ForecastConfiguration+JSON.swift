import RecurrentFormats

extension ForecastConfiguration {
  public var json: JSONObject {
    [
      "frequency": .string(frequency), "horizon": .integer(horizon), "season": .integer(season),
      "levels": .array(levels.map(JSONValue.number)), "cell": .string(cell),
      "hidden": .integer(hiddenSize), "layers": .integer(numLayers),
      "epochs": epochs.map(JSONValue.integer) ?? .null, "members": .integer(members),
      "seed": .integer(seed), "base": .string(base.rawValue),
      "transform": .string(transform.rawValue), "head": .string(head.rawValue),
      "decoder": .string(decoder.rawValue),
      "dilations": .array(dilations.map(JSONValue.integer)), "dropout": .number(dropout),
      "learning_rate": .number(learningRate),
      "input_seasons": inputSeasons.map(JSONValue.integer) ?? .null,
      "minimum": minimum.map(JSONValue.number) ?? .null,
      "covariates": .object(covariates.json),
    ]
  }

  /// Nil where a member is missing or out of range. What the first version did not have may be
  /// missing and is then as it was there.
  public init?(json: JSONObject) {
    guard let frequency = json["frequency"]?.string,
      let horizon = json["horizon"]?.integer, Self.horizons.contains(horizon),
      let season = json["season"]?.integer, Self.seasons.contains(season),
      let levels = json["levels"]?.array?.compactMap(\.number), levels.count <= 32,
      levels.allSatisfy(Self.bandLevels.contains),
      let cell = json["cell"]?.string,
      let hidden = json["hidden"]?.integer, Self.hiddenSizes.contains(hidden),
      let layers = json["layers"]?.integer, Self.layerNumbers.contains(layers),
      let members = json["members"]?.integer, Self.memberNumbers.contains(members),
      let seed = json["seed"]?.integer, let epochs = json["epochs"]
    else { return nil }
    self.init(
      frequency: frequency, horizon: horizon, season: season, levels: levels, cell: cell,
      hiddenSize: hidden,
      numLayers: layers, epochs: epochs.integer, members: members, seed: seed)
    guard json["base"] != nil else {
      base = .smoothing
      return
    }
    guard let base = json["base"]?.string.flatMap(StatisticalBase.init),
      let transform = json["transform"]?.string.flatMap(Transform.init),
      let head = json["head"]?.string.flatMap(ForecastHead.init),
      let decoder = json["decoder"]?.string.flatMap(Decoder.init),
      let dilations = json["dilations"]?.array?.compactMap(\.integer), dilations.count <= 16,
      dilations.allSatisfy(Self.dilationSteps.contains),
      let dropout = json["dropout"]?.number, dropout >= 0, dropout < 1,
      let learningRate = json["learning_rate"]?.number, learningRate > 0,
      let covariates = json["covariates"].flatMap(ForecastCovariates.init(json:))
    else { return nil }
    self.base = base
    self.transform = transform
    self.head = head
    self.decoder = decoder
    self.dilations = dilations
    self.dropout = dropout
    self.learningRate = learningRate
    inputSeasons = json["input_seasons"]?.integer
    minimum = json["minimum"]?.number
    self.covariates = covariates
  }
}
