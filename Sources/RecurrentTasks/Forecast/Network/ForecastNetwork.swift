import RecurrentCells
import RecurrentCore
import RecurrentLayers

/// A recurrent network that reads the last seasons of a series, a season at a step, and says how the
/// next values will differ from the statistical base's forecast, and how far off they may be.
///
/// The recurrent layers' last output and the context go through one linear head that gives the whole
/// horizon at once; or a second recurrent layer goes on from where the first ended, a season at a
/// step, reading the base's forecast. What is known of the steps to be forecast is added by a
/// small network that all steps share. What gives the answer starts at zero: an untrained network
/// agrees with the base.
package struct ForecastNetwork: TensorTree {
  package var recurrent: RecurrentLayer
  /// Layers above, of which each goes on from so many steps ago, with residual connections.
  var dilated: [RecurrentLayer]
  let dilations: [Int]
  /// One where the horizon is decoded season by season, otherwise none.
  var decoder: [RecurrentLayer]
  package var answer: Linear
  /// One where something is known of the future.
  var future: [FutureNetwork]
  package let horizon: Int
  let season: Int
  let dropoutProbability: Double
  /// What the answer means.
  package let head: ForecastHead
  /// Percent that each band should hold, ascending.
  package let levels: [Double]

  init(
    _ configuration: ForecastConfiguration, key: RandomKey, on context: ComputeContext
  ) throws {
    let cell = try Cell.named(configuration.cell)
    let season = configuration.season
    let features = configuration.features
    let hidden = configuration.hiddenSize
    let recurrent = try RecurrentLayer(
      cell, inputSize: ForecastWindows.stepSize(season: season, features),
      hiddenSize: hidden, numLayers: configuration.numLayers,
      dropout: configuration.numLayers > 1 ? configuration.dropout : 0,
      key: key.folded("recurrent"), on: context)
    let size = recurrent.outputSize
    dilations = configuration.dilations
    dilated = try dilations.indices.map { index in
      try RecurrentLayer(
        cell, inputSize: size, hiddenSize: hidden, key: key.folded("dilated").folded(index),
        on: context)
    }
    horizon = configuration.horizon
    self.season = season
    self.recurrent = recurrent
    head = configuration.head
    levels = configuration.levels
    let outputs = head.outputs(levels: levels.count)
    var inputs = size
    switch configuration.decoder {
    case .direct:
      decoder = []
      inputs += ForecastWindows.contextSize(horizon: horizon, features)
    case .recurrent:
      decoder = [
        try RecurrentLayer(
          cell, inputSize: season + 2 + features.statics, hiddenSize: hidden,
          numLayers: configuration.numLayers, key: key.folded("decoder"), on: context)
      ]
    }
    let answers = (configuration.decoder == .direct ? horizon : season) * outputs
    answer = Linear(inputSize: inputs, outputSize: answers, key: key, on: context)
    answer.weight = .zeros([answers, inputs], on: context)
    answer.bias = .zeros([answers], on: context)
    future =
      features.known > 0
      ? [
        FutureNetwork(
          known: features.known, state: size, outputs: outputs, key: key.folded("future"),
          on: context)
      ] : []
    dropoutProbability = configuration.dropout
  }

  /// Whether it is one recurrent layer or stack and quantiles from its last output, and nothing more.
  package var isPlain: Bool {
    dilated.isEmpty && decoder.isEmpty && future.isEmpty && head == .quantiles
  }

  /// This network with another's weights.
  ///
  /// - Returns: nil where they have other sizes.
  func warm(from other: ForecastNetwork) -> ForecastNetwork? {
    let (own, others) = (namedTensors, other.namedTensors)
    guard own.map(\.path) == others.map(\.path),
      zip(own, others).allSatisfy({ $0.tensor.shape == $1.tensor.shape })
    else { return nil }
    var place = 0
    return mapTensors { _, _ in
      defer { place += 1 }
      return others[place].tensor
    }
  }

  package mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("recurrent", &recurrent)
    visitor.visit("dilated", &dilated)
    visitor.visit("decoder", &decoder)
    visitor.visit("head", &answer)
    visitor.visit("future", &future)
  }

  /// - Parameter key: What dropout is drawn from; nil for none.
  /// - Returns: What the head makes a distribution of, [rows, horizon, outputs].
  package func callAsFunction(_ question: ForecastQuestion, key: RandomKey? = nil) -> Tensor {
    let rows = question.inputs.shape[0]
    let (all, state) = encoded(question.inputs, key: key)
    var last = all.slice(axis: 0, range: all.shape[0] - 1..<all.shape[0])
      .reshaped([rows, all.shape[2]])
    if let key {
      last = dropout(last, probability: Float(dropoutProbability), key: key.folded("last output"))
    }
    let outputs = head.outputs(levels: levels.count)
    let answers =
      decoder.isEmpty
      ? answer(concatenated([last, question.context], alongAxis: 1))
        .reshaped([rows, horizon, outputs])
      : decoded(question.context, from: state, outputs: outputs, key: key)
    guard let network = future.first, let known = question.future else { return answers }
    return answers + network(known, state: last)
  }

  /// - Parameter inputs: [rows, seasons, features]
  /// - Returns: The outputs of all steps, [seasons or a few more, rows, units], and the state in which
  ///   the undilated layers end.
  private func encoded(_ inputs: Tensor, key: RandomKey?) -> (Tensor, RecurrentState) {
    var (outputs, state) = recurrent(inputs.transposed([1, 0, 2]), key: key)
    for (index, layer) in dilated.enumerated() {
      outputs = outputs.dilated(
        by: dilations[index], through: layer, key: key?.folded("dilated").folded(index))
    }
    return (outputs, state)
  }

  /// The horizon season by season: what the base says of a season goes in, what it will miss there
  /// comes out.
  private func decoded(
    _ context: Tensor, from state: RecurrentState, outputs: Int, key: RandomKey?
  ) -> Tensor {
    let (rows, size) = (context.shape[0], context.shape[1])
    let steps = (horizon + season - 1) / season
    let rest = context.slice(axis: 1, range: horizon..<size)
    var forecast = context.slice(axis: 1, range: 0..<horizon)
    if steps * season > horizon {
      let padding = Tensor.zeros([rows, steps * season - horizon], on: context.context)
      forecast = concatenated([forecast, padding], alongAxis: 1)
    }
    let seasons = forecast.reshaped([rows, steps, season]).transposed([1, 0, 2])
    let everywhere =
      Tensor.zeros([steps, rows, size - horizon], on: context.context)
      + rest.reshaped([1, rows, size - horizon])
    let said = decoder[0](
      concatenated([seasons, everywhere], alongAxis: 2), state: state,
      key: key?.folded("decoder")
    ).output
    return answer(said).transposed([1, 0, 2]).reshaped([rows, steps * season, outputs])
      .slice(axis: 1, range: 0..<horizon)
  }
}

/// What a network reads of some windows.
package struct ForecastQuestion {
  /// [rows, seasons, features]
  package var inputs: Tensor
  /// [rows, context size]
  package var context: Tensor
  /// What is known of the steps to be forecast, [rows, horizon, known]; nil for nothing.
  package var future: Tensor?

  package init(inputs: Tensor, context: Tensor, future: Tensor? = nil) {
    self.inputs = inputs
    self.context = context
    self.future = future
  }

  func gatherRows(_ rows: [Int]) -> ForecastQuestion {
    ForecastQuestion(
      inputs: inputs.gatherRows(rows), context: context.gatherRows(rows),
      future: future?.gatherRows(rows))
  }
}

/// What is known of a step and what the recurrent layers make of the past, to an addition to the
/// step's answer; the same for every step. Zero at first.
///
///     V tanh(W x_t + U h + b) + S x_t
struct FutureNetwork: TensorTree {
  static let units = 24
  var known: Linear
  var state: Linear
  var hidden: Linear
  var skip: Linear

  init(known: Int, state: Int, outputs: Int, key: RandomKey, on context: ComputeContext) {
    self.known = Linear(
      inputSize: known, outputSize: Self.units, key: key.folded("known"), on: context)
    self.state = Linear(
      inputSize: state, outputSize: Self.units, bias: false, key: key.folded("state"), on: context)
    hidden = Linear(
      inputSize: Self.units, outputSize: outputs, bias: false, key: key.folded("hidden"),
      on: context)
    hidden.weight = .zeros([outputs, Self.units], on: context)
    skip = Linear(
      inputSize: known, outputSize: outputs, bias: false, key: key.folded("skip"), on: context)
    skip.weight = .zeros([outputs, known], on: context)
  }

  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("known", &known)
    visitor.visit("state", &state)
    visitor.visit("hidden", &hidden)
    visitor.visit("skip", &skip)
  }

  /// - Parameters:
  ///   - x: [rows, horizon, known]
  ///   - h: [rows, units of the recurrent layers]
  /// - Returns: [rows, horizon, outputs]
  func callAsFunction(_ x: Tensor, state h: Tensor) -> Tensor {
    let context = state(h).reshaped([h.shape[0], 1, Self.units])
    return hidden(tanh(known(x) + context)) + skip(x)
  }
}

extension Tensor {
  /// The sequence [time, batch, units] through a layer whose every step goes on from that `dilation`
  /// steps ago, and added to what comes out; zeros before the first make the time a multiple.
  fileprivate func dilated(
    by dilation: Int, through layer: RecurrentLayer, key: RandomKey?
  ) -> Tensor {
    let (time, batch, units) = (shape[0], shape[1], shape[2])
    let padding = (dilation - time % dilation) % dilation
    let padded =
      padding == 0
      ? self : concatenated([.zeros([padding, batch, units], on: context), self], alongAxis: 0)
    // Step i · dilation + j is step i of chain j: the chains stand side by side in the batch.
    let chains = padded.reshaped([(time + padding) / dilation, dilation * batch, units])
    return layer(chains, key: key).output.reshaped([time + padding, batch, units]) + padded
  }
}
