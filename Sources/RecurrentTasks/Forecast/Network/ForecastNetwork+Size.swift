import RecurrentCells
import RecurrentLayers

extension ForecastNetwork {
  /// How large a network would be.
  package struct Size: Sendable, Hashable {
    /// Numbers that are learnt.
    package var parameters: Int
    /// Numbers that a window keeps for the way back.
    package var recorded: Int
  }

  /// The size of a network, without its being made.
  ///
  /// - Parameter seasons: Those that it reads.
  /// - Throws: `CellError` where the cell cannot have so many units.
  package static func size(
    _ configuration: ForecastConfiguration, seasons: Int
  ) throws(CellError) -> Size {
    let cell = try Cell.named(configuration.cell)
    let (season, horizon) = (configuration.season, configuration.horizon)
    let features = configuration.features
    let hidden = configuration.hiddenSize
    let outputs = configuration.head.outputs(levels: configuration.levels.count)
    let recurrent = try RecurrentLayer.size(
      of: cell, inputSize: ForecastWindows.stepSize(season: season, features), hiddenSize: hidden,
      numLayers: configuration.numLayers)
    var size = Size(parameters: recurrent.parameters, recorded: seasons * recurrent.recorded)
    if !configuration.dilations.isEmpty {
      let layer = try RecurrentLayer.size(
        of: cell, inputSize: recurrent.output, hiddenSize: hidden)
      size.parameters += configuration.dilations.count * layer.parameters
      size.recorded += configuration.dilations.count * seasons * layer.recorded
    }
    let context = ForecastWindows.contextSize(horizon: horizon, features)
    var inputs = recurrent.output
    var answers = horizon * outputs
    switch configuration.decoder {
    case .direct: inputs += context
    case .recurrent:
      let decoder = try RecurrentLayer.size(
        of: cell, inputSize: season + context - horizon, hiddenSize: hidden,
        numLayers: configuration.numLayers)
      size.parameters += decoder.parameters
      size.recorded += (horizon + season - 1) / season * decoder.recorded
      answers = season * outputs
    }
    size.parameters += answers * (inputs + 1)
    size.recorded += horizon * outputs
    if features.known > 0 {
      let units = FutureNetwork.units
      size.parameters +=
        units * (features.known + 1 + recurrent.output + outputs) + features.known * outputs
      size.recorded += horizon * (2 * units + 2 * outputs)
    }
    return size
  }
}
