extension Cell {
  /// A preset of the family: its name in the tool, what it is, and the options that it takes.
  public struct Preset: Sendable {
    public let name: String
    /// One line on what it is.
    public let summary: String
    /// Where it was first written down: authors and year, or a library.
    public let source: String
    /// The names of its options, each with what it takes.
    public let options: [Option]
    let make: @Sendable (CellOptions) throws(CellError) -> Cell

    public struct Option: Hashable, Sendable {
      public let name: String
      /// What it takes, and what that does.
      public let takes: String
    }

    init(
      _ name: String, _ summary: String, source: String,
      options: KeyValuePairs<String, String> = [:],
      make: @escaping @Sendable (CellOptions) throws(CellError) -> Cell
    ) {
      self.name = name
      self.summary = summary
      self.source = source
      self.options = options.map { Option(name: $0.key, takes: $0.value) }
      self.make = make
    }
  }

  /// Every cell that can be named, in one list.
  public static let presets: [Preset] =
    elmanPresets + lstmPresets + gruPresets + minimalPresets + clockworkPresets + xlstmPresets
    + scanPresets

  /// The preset of a name.
  ///
  /// - Throws: ``CellError`` with the nearest name, where there is none.
  public static func preset(_ name: String) throws(CellError) -> Preset {
    if let preset = presets.first(where: { $0.name == name }) { return preset }
    let names = presets.map(\.name)
    let near = nearest(to: name, in: names)
    throw CellError(
      .unknownName,
      "no cell is called \"\(name)\""
        + (near.map { "; did you mean \($0)?" } ?? "; there are \(names.joined(separator: ", "))"))
  }

  /// The cell that a text names: a preset, and behind a colon its options, as
  /// `lstm:peepholes=i+o,projection=64,forget-bias=1`.
  ///
  /// - Throws: ``CellError`` with the nearest name, where there is no such cell or option.
  public static func named(_ text: String) throws(CellError) -> Cell {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let preset = try preset(String(parts[0]))
    return try preset.make(
      CellOptions(
        cell: preset.name, text: parts.count > 1 ? String(parts[1]) : nil,
        known: preset.options.map(\.name)))
  }
}

// MARK: - The presets

extension Cell {
  private static let elmanPresets = [
    Preset("rnn", "simple recurrent network, tanh", source: "Elman 1990") {
      _ throws(CellError) in try .rnn()
    },
    Preset("rnn-relu", "simple recurrent network, relu", source: "Elman 1990; Le et al. 2015") {
      _ throws(CellError) in try .rnn(.relu)
    },
  ]

  private static let gruPresets = [
    Preset("gru", "gated recurrent unit, as PyTorch's", source: "Cho et al. 2014, version 1") {
      _ throws(CellError) in try .gru()
    },
    Preset(
      "gru-reset-before", "gated recurrent unit, reset gate before the product",
      source: "Cho et al. 2014, version 3"
    ) { _ throws(CellError) in try .gruResetBefore() },
    Preset(
      "gru-layernorm", "gated recurrent unit, sums normalised",
      source: "Ba et al. 2016; Haste"
    ) { _ throws(CellError) in try .gru(layerNorm: true) },
  ]

  private static let minimalPresets = [
    Preset("mgu", "minimal gated unit: one gate forgets and resets", source: "Zhou et al. 2016") {
      _ throws(CellError) in try .mgu()
    },
    Preset(
      "janet", "LSTM with nothing but the forget gate",
      source: "van der Westhuizen & Lasenby 2018",
      options: ["beta": "a number: how much more is remembered than let in; 1"]
    ) { options throws(CellError) in try .janet(beta: options.number("beta") ?? 1) },
    Preset(
      "indrnn", "independently recurrent network: a unit sees itself alone",
      source: "Li et al. 2018", options: ["activation": "relu or tanh"]
    ) { options throws(CellError) in
      try .indrnn(
        options.choice("activation", of: Nonlinearity.allCases.map { ($0.rawValue, $0) }) ?? .relu)
    },
    Preset("ugrnn", "update-gate network", source: "Collins et al. 2016") {
      _ throws(CellError) in try .ugrnn()
    },
  ]

  private static let clockworkPresets = [
    Preset(
      "clockwork", "modules of units that take a step only every so often",
      source: "Koutník et al. 2014",
      options: [
        "modules": "how many there are, with periods 1, 2, 4, …; 8",
        "periods": "the modules' periods, rising, as 1+2+4+8",
        "start": "the clock before the first step; 0, when all take it",
      ]
    ) { options throws(CellError) in
      let modules = try options.size("modules", in: 1...31)
      let periods = try options.sizes("periods")
      if modules != nil, periods != nil {
        throw CellError(.invalidOption, "cell clockwork: give modules or periods, not both")
      }
      return try .clockwork(
        periods: periods ?? doubling(modules ?? 8),
        start: options.size("start", in: 0...1_000_000_000) ?? 0)
    }
  ]

  private static let xlstmPresets = [
    Preset(
      "slstm", "exponential gates, scalar memory", source: "Beck et al. 2024",
      options: ["heads": "into how many the units are cut; 4"]
    ) { options throws(CellError) in try .slstm(heads: options.size("heads") ?? 4) },
    Preset(
      "mlstm", "exponential gates, matrix memory", source: "Beck et al. 2024",
      options: ["heads": "into how many the units are cut; 4"]
    ) { options throws(CellError) in try .mlstm(heads: options.size("heads") ?? 4) },
  ]

  private static let scanPresets = [
    Preset(
      "min-gru", "GRU whose gate sees the input alone", source: "Feng et al. 2024",
      options: ["positive": "yes: a candidate above 0"]
    ) { options throws(CellError) in
      try .minGRU(positive: options.flag("positive") ?? false)
    },
    Preset(
      "min-lstm", "LSTM whose gates see the input alone", source: "Feng et al. 2024",
      options: ["positive": "yes: a candidate above 0"]
    ) { options throws(CellError) in
      try .minLSTM(positive: options.flag("positive") ?? false)
    },
  ]

  // MARK: LSTMs

  private static let lstmPresets = [
    lstm("lstm", "long short-term memory", source: "Hochreiter & Schmidhuber 1997") { _ in },
    lstm(
      "lstm-peephole", "LSTM whose gates see the memory cell",
      source: "Gers & Schmidhuber 2000"
    ) { $0.peepholes = Set(LSTMOptions.Gate.allCases) },
    lstm(
      "lstm-coupled", "LSTM that forgets as much as it lets in, f = 1 - i (CIFG)",
      source: "Greff et al. 2015"
    ) { $0.coupling = .forgetFromInput },
    greff("lstm-no-input-gate", "LSTM without the input gate (NIG)") {
      $0.absentGates = [.input]
    },
    greff("lstm-no-forget-gate", "LSTM without the forget gate (NFG)") {
      $0.absentGates = [.forget]
    },
    greff("lstm-no-output-gate", "LSTM without the output gate (NOG)") {
      $0.absentGates = [.output]
    },
    greff("lstm-no-input-activation", "LSTM whose candidate is a plain sum (NIAF)") {
      $0.activation = .identity
    },
    greff("lstm-no-output-activation", "LSTM whose memory cell is shown as it is (NOAF)") {
      $0.outputActivation = .identity
    },
    greff("lstm-full-gate-recurrence", "LSTM whose gates see all gates before (FGR)") {
      $0.fullGateRecurrence = true
    },
    lstm(
      "lstm-layernorm", "LSTM with its sums and its memory cell normalised",
      source: "Ba et al. 2016; Haste, TensorFlow Addons"
    ) { $0.layerNorm = .haste },
    lstm(
      "lstm-depth-gated", "LSTM that takes in the memory of the layer below",
      source: "Yao et al. 2015"
    ) {
      $0.depthGate = .upper
      $0.peepholes = Set(LSTMOptions.Gate.allCases)
    },
  ]

  /// A variant of Greff et al. 2015, all of which have the peepholes of the gates they have.
  private static func greff(
    _ name: String, _ summary: String, _ change: @escaping @Sendable (inout LSTMOptions) -> Void
  ) -> Preset {
    lstm(name, summary, source: "Greff et al. 2015") { options in
      change(&options)
      options.peepholes = options.gates
    }
  }

  private static func lstm(
    _ name: String, _ summary: String, source: String,
    _ change: @escaping @Sendable (inout LSTMOptions) -> Void
  ) -> Preset {
    Preset(
      name, summary, source: source,
      options: [
        "forget-bias": "a number: where the forget gate's bias starts",
        "peepholes": "gates that see the memory cell, as i+f+o, or none",
        "full-peepholes": "yes: peepholes through matrices, not diagonals",
        "projection": "a size that the output is projected to",
        "coupled": LSTMOptions.Coupling.allCases.map(\.rawValue).joined(separator: " or ")
          + ": one gate for two",
        "layer-norm": LSTMOptions.LayerNorm.allCases.map(\.rawValue).joined(separator: " or ")
          + ": normalised as there",
        "depth-gate": LSTMOptions.DepthGate.allCases.map(\.rawValue).joined(separator: " or ")
          + " layers: the memory of the layer below comes in",
        "full-gate-recurrence": "yes: the gates see all gates before",
        "gate-clip": "a number that the sums of gates and candidate are kept within",
        "cell-clip": "a number that the memory cell is kept within",
        "projection-clip": "a number that what is projected is kept within",
        "gate-activation": "what gates are put through; sigmoid",
        "activation": "what the candidate is put through; tanh",
        "output-activation": "what the memory cell is put through; tanh",
      ]
    ) { given throws(CellError) in
      var options = LSTMOptions()
      change(&options)
      try options.change(by: given)
      return try .lstm(options)
    }
  }
}

extension LSTMOptions {
  fileprivate mutating func change(by given: CellOptions) throws(CellError) {
    forgetBias = try given.number("forget-bias") ?? forgetBias
    peepholes = try given.gates("peepholes") ?? peepholes
    fullPeepholes = try given.flag("full-peepholes") ?? fullPeepholes
    projectionSize = try given.size("projection") ?? projectionSize
    coupling =
      try given.choice("coupled", of: Coupling.allCases.map { ($0.rawValue, $0) }) ?? coupling
    layerNorm =
      try given.choice("layer-norm", of: LayerNorm.allCases.map { ($0.rawValue, $0) }) ?? layerNorm
    depthGate =
      try given.choice("depth-gate", of: DepthGate.allCases.map { ($0.rawValue, $0) }) ?? depthGate
    fullGateRecurrence = try given.flag("full-gate-recurrence") ?? fullGateRecurrence
    gateClip = try given.number("gate-clip") ?? gateClip
    cellClip = try given.number("cell-clip") ?? cellClip
    projectionClip = try given.number("projection-clip") ?? projectionClip
    gateActivation = try given.choice("gate-activation", of: Activation.named) ?? gateActivation
    activation = try given.choice("activation", of: Activation.named) ?? activation
    outputActivation =
      try given.choice("output-activation", of: Activation.named) ?? outputActivation
  }
}
