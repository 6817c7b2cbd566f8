import RecurrentCells
import RecurrentCore
import RecurrentLayers

/// A recurrent network that reads the last seasons of a series, a season at a step, and says how the
/// next values will differ from the statistical base's forecast, with their quantiles.
///
/// The recurrent layer's last output and the context go through one linear head that gives the whole
/// horizon at once. The head starts at zero: an untrained network agrees with the base.
package struct ForecastNetwork: TensorTree {
  package var recurrent: RecurrentLayer
  package var head: Linear
  package let horizon: Int
  /// Where the softplus of each width starts: [2 · levels].
  package let widthOffsets: Tensor

  /// - Parameter features: Of a step of the input.
  init(
    _ configuration: ForecastConfiguration, features: Int, key: RandomKey,
    on context: ComputeContext
  ) throws {
    let recurrent = try RecurrentLayer(
      Cell.named(configuration.cell), inputSize: features,
      hiddenSize: configuration.hiddenSize, numLayers: configuration.numLayers,
      key: key.folded("recurrent"), on: context)
    self.init(configuration, recurrent, key: key, on: context)
  }

  private init(
    _ configuration: ForecastConfiguration, _ recurrent: RecurrentLayer, key: RandomKey,
    on context: ComputeContext
  ) {
    self.recurrent = recurrent
    horizon = configuration.horizon
    let inputs = recurrent.outputSize + ForecastWindows.contextSize(horizon: horizon)
    let outputs = configuration.horizon * configuration.quantiles.count
    head = Linear(inputSize: inputs, outputSize: outputs, key: key, on: context)
    head.weight = .zeros([outputs, inputs], on: context)
    head.bias = .zeros([outputs], on: context)
    let offsets = Self.widthOffsets(configuration.levels)
    widthOffsets = Tensor(offsets + offsets, shape: [2 * offsets.count], on: context)
  }

  package mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }

  /// The quantiles of the next values, in units of the base's errors.
  package struct Output {
    /// [rows, horizon]
    package var centre: Tensor
    /// How far below the centre the lower bound of each level is: [rows, horizon, levels].
    package var below: Tensor
    /// How far above it the upper one is.
    package var above: Tensor
  }

  /// - Parameters:
  ///   - inputs: [rows, seasons, features]
  ///   - context: [rows, context size]
  ///   - key: What dropout is drawn from; nil for none.
  package func callAsFunction(
    _ inputs: Tensor, _ context: Tensor, key: RandomKey? = nil
  ) -> Output {
    let (rows, seasons) = (inputs.shape[0], inputs.shape[1])
    let outputs = recurrent(inputs.transposed([1, 0, 2]), key: key).output
    var last = outputs.slice(axis: 0, range: seasons - 1..<seasons)
      .reshaped([rows, recurrent.outputSize])
    if let key { last = dropout(last, probability: 0.1, key: key.folded("last output")) }
    let levels = widthOffsets.count / 2
    let all = head(concatenated([last, context], alongAxis: 1))
      .reshaped([rows, horizon, 1 + 2 * levels])
    let widths = softplus(all.slice(axis: 2, range: 1..<1 + 2 * levels) + widthOffsets)
    return Output(
      centre: all.slice(axis: 2, range: 0..<1).reshaped([rows, horizon]),
      below: widths.slice(axis: 2, range: 0..<levels).cumulativeSum(axis: 2),
      above: widths.slice(axis: 2, range: levels..<2 * levels).cumulativeSum(axis: 2))
  }

  /// Widths begin as those of a normal distribution whose mean absolute error is 1: the increments
  /// of 1.2533 Φ⁻¹(½ + level / 200), through the inverse of softplus.
  private static func widthOffsets(_ levels: [Double]) -> [Float] {
    var previous = 0.0
    return levels.map { level in
      let width = 1.2533 * normalQuantile(0.5 + level / 200)
      defer { previous = width }
      return Float(inverseSoftplus(width - previous))
    }
  }
}
