/// What an LSTM is made of; the defaults are PyTorch's. Any of it goes together with any other that
/// does not contradict it.
public struct LSTMOptions: Hashable, Sendable {
  public enum Gate: String, Hashable, Sendable, CaseIterable {
    case input = "i"
    case forget = "f"
    case output = "o"
  }

  /// One gate in the place of two (CIFG).
  public enum Coupling: String, Hashable, Sendable, CaseIterable {
    /// f = 1 − i: Greff et al. 2015, ONNX, Core ML.
    case forgetFromInput = "f=1-i"
    /// i = 1 − f: TensorFlow Lite.
    case inputFromForget = "i=1-f"
  }

  /// What is normalised (Ba et al. 2016), in the layouts of two libraries. In both the products of
  /// the input and those of h₋₁ are normalised over all gates together, each with a gain, and the
  /// bias comes after.
  public enum LayerNorm: String, Hashable, Sendable, CaseIterable {
    /// Haste: h = o ⊙ tanh(LN(c)); the c that is carried is not normalised. ε = 1e-5.
    case haste
    /// TensorFlow Addons: c is normalised and carried so, and every normalisation has an offset.
    /// ε = 1e-3.
    case tensorFlowAddons = "tf-addons"
  }

  /// In which layers of a stack the memory of the layer below comes in through a gate of its own
  /// (Yao et al. 2015).
  public enum DepthGate: String, Hashable, Sendable, CaseIterable {
    /// In all but the lowest, which has none below.
    case upper
    /// In the lowest as well, where W₀ x takes the place of the memory below.
    case all
  }

  /// Gates that see the memory cell: the input and the forget gate c₋₁, the output gate c
  /// (Gers & Schmidhuber 2000).
  public var peepholes: Set<Gate> = []
  /// Peepholes through matrices instead of diagonals.
  public var fullPeepholes = false
  /// Gates that are not there: always open (Greff et al. 2015).
  public var absentGates: Set<Gate> = []
  public var coupling: Coupling?
  /// The gates see all gates of the step before (FGR of Greff et al. 2015; Hochreiter & Schmidhuber
  /// 1997).
  public var fullGateRecurrence = false
  public var layerNorm: LayerNorm?
  public var depthGate: DepthGate?
  /// What the gates' sums are put through.
  public var gateActivation = Activation.sigmoid
  /// What the candidate's sum is put through.
  public var activation = Activation.tanh
  /// What the memory cell is put through on its way out.
  public var outputActivation = Activation.tanh
  /// The sums of the gates, peepholes included, and that of the candidate are kept within ± this
  /// before their functions: ONNX Runtime's reading of ONNX' attribute `clip`.
  public var gateClip: Double?
  /// c is kept within ± this.
  public var cellClip: Double?
  /// The size that h is projected to, h = W_hr (o ⊙ tanh(c)) (Sak et al. 2014).
  public var projectionSize: Int?
  /// What is projected is kept within ± this.
  public var projectionClip: Double?
  /// Where the forget gate's bias starts; uniform like all others if nil. 1 and 2 are usual.
  public var forgetBias: Double?
  public var bias = true

  public init() {}

  func check() throws(CellError) {
    func refuse(_ condition: Bool, _ sentence: String) throws(CellError) {
      if condition { throw CellError(.invalidOption, sentence) }
    }
    try refuse(
      projectionSize.map { $0 < 1 } ?? false,
      "an LSTM's projection size is at least 1, found \(projectionSize ?? 0)")
    try refuse(
      [gateClip, cellClip, projectionClip].contains { $0.map { !($0 > 0) } ?? false },
      "an LSTM's clip is a number above 0")
    try refuse(
      projectionClip != nil && projectionSize == nil,
      "an LSTM without a projection has none to clip")
    try refuse(
      forgetBias != nil && !bias, "an LSTM without biases has no forget bias to set")
    try refuse(
      forgetBias != nil && !gates.contains(.forget),
      "an LSTM without a forget gate of its own has no forget bias to set")
    try refuse(
      coupling != nil && !absentGates.isDisjoint(with: [.input, .forget]),
      "an LSTM's coupled gates are both there: neither can be left out")
    for gate in peepholes.subtracting(gates).sorted(by: { $0.rawValue < $1.rawValue }) {
      throw CellError(
        .invalidOption,
        "an LSTM without a gate \(gate.rawValue) of its own has no peephole to it")
    }
    try refuse(
      fullPeepholes && peepholes.isEmpty, "an LSTM without peepholes has no full ones")
    try refuse(
      fullGateRecurrence && gates.count < 3,
      "full gate recurrence needs all three gates, each of its own")
  }

  /// The gates that have sums of their own.
  var gates: Set<Gate> {
    var gates = Set(Gate.allCases).subtracting(absentGates)
    switch coupling {
    case .forgetFromInput: gates.remove(.forget)
    case .inputFromForget: gates.remove(.input)
    case nil: break
    }
    return gates
  }
}
