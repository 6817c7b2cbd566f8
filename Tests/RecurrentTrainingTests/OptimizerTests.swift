import RecurrentCore
import RecurrentFormats
import RecurrentTraining
import TestSupport
import Testing

/// Two tensors with names.
struct TwoTensors: TensorTree {
  var a: Tensor
  var b: Tensor

  init(_ a: Tensor, _ b: Tensor) { (self.a, self.b) = (a, b) }

  mutating func visit(_ visitor: inout some TensorVisitor) {
    visitor.visit("a", &a)
    visitor.visit("b", &b)
  }
}

private let golden = GoldenFile("optimizers")

private func start() -> TwoTensors { TwoTensors(wave([3, 5], phase: 0), wave([7], phase: 1)) }

/// 0.5 p + wave: what the fixtures' script takes for the gradient.
private func gradient(of model: TwoTensors, step: Int) -> TwoTensors {
  TwoTensors(
    model.a * 0.5 + wave([3, 5], phase: 10 + 2 * step),
    model.b * 0.5 + wave([7], phase: 11 + 2 * step))
}

@Suite struct OptimizerTests {
  @Test(arguments: golden.cases)
  func tenStepsAreThoseOfPyTorch(_ golden: GoldenCase) throws {
    let options = golden["options"]
    func option(_ name: String, _ standard: Double) -> Double { options[name]?.number ?? standard }
    let betas = (
      options["betas"]?[0]?.number ?? 0.9, options["betas"]?[1]?.number ?? 0.999
    )
    let model = start()
    // An option that PyTorch was not given is not given here: the defaults are the same.
    switch golden["kind"].string! {
    case "SGD":
      try check(
        SGD(
          for: model, momentum: option("momentum", 0), dampening: option("dampening", 0),
          isNesterov: options["nesterov"]?.bool ?? false), golden)
    case "RMSprop":
      try check(
        RMSprop(
          for: model, smoothing: option("alpha", 0.99), epsilon: option("eps", 1e-8),
          momentum: option("momentum", 0), isCentered: options["centered"]?.bool ?? false),
        golden)
    case "Adam":
      try check(Adam(for: model, betas: betas, epsilon: option("eps", 1e-8)), golden)
    case "AdamW":
      try check(AdamW(for: model, betas: betas, epsilon: option("eps", 1e-8)), golden)
    default: Issue.record("no optimizer \(golden["kind"])")
    }
  }

  private func check(_ rule: some Optimizer, _ golden: GoldenCase) throws {
    var rule = rule
    if let rate = golden["options"]["lr"]?.number { rule.learningRate = rate }
    if let decay = golden["options"]["weight_decay"]?.number { rule.weightDecay = decay }
    var model = start()
    for step in 0..<10 {
      rule.update(&model, gradient: gradient(of: model, step: step))
      for (path, tensor) in model.namedTensors {
        let expected = golden.tensor("\(path)").slice(axis: 0, range: step..<step + 1)
          .reshaped(tensor.shape)
        #expect(
          gradientMismatch(tensor, DoubleArray(expected), tolerance: 2e-6) == nil,
          "\(path) after step \(step + 1)")
      }
    }
    #expect(rule.stepCount == 10)
  }

  @Test func groupsHaveTheirOwnRateAndDecayAndMayBeFrozen() {
    var model = start()
    let before = model
    var rule = SGD(for: model, learningRate: 0.5, weightDecay: 0.25)
    rule.groups = [
      ParameterGroup(isFrozen: true) { $0.names == ["b"] },
      ParameterGroup(rateFactor: 0.5, weightDecay: 0) { $0.names == ["a"] },
      ParameterGroup(rateFactor: 100) { _ in true },
    ]
    let slope = TwoTensors(Tensor(repeating: 1, shape: [3, 5]), Tensor(repeating: 1, shape: [7]))
    rule.update(&model, gradient: slope, rateFactor: 0.5)
    #expect(model.b.elements == before.b.elements)
    #expect(model.a.elements == before.a.elements.map { $0 - 0.125 })
    rule.groups = []
    rule.update(&model, gradient: slope)
    for (found, weight) in zip(model.b.elements, before.b.elements) {
      #expect(abs(found - (weight - 0.5 * (1 + 0.25 * weight))) < 1e-6)
    }
  }

  @Test func anUpdateLeavesCopiesAlone() {
    var model = start()
    let copy = model
    let values = copy.tensors.map(\.elements)
    var rule = Adam(for: model)
    let saved = rule
    rule.update(&model, gradient: gradient(of: model, step: 0))
    #expect(copy.tensors.map(\.elements) == values)
    #expect(saved.tensors.allSatisfy { $0.elements.allSatisfy { $0 == 0 } })
    #expect(model.tensors.map(\.elements) != values)
  }

  @Test(arguments: Machine.byInstructionSet)
  func theNumberOfThreadsDoesNotShow(_ machines: [Machine]) {
    let results = machines.map { machine -> [[UInt32]] in
      var model = TwoTensors(
        wave([150, 333], phase: 0, on: machine.context), wave([7], phase: 1, on: machine.context))
      var gradient = TwoTensors(
        wave([150, 333], phase: 2, on: machine.context), wave([7], phase: 3, on: machine.context))
      gradient.clip(toNorm: 3)
      var rule = AdamW(for: model, learningRate: 0.1)
      for _ in 0..<3 { rule.update(&model, gradient: gradient) }
      return bits(model)
    }
    #expect(Set(results).count == 1)
  }

  @Test func momentsAreListedByName() {
    let model = start()
    func names(_ rule: some Optimizer) -> [String] { rule.namedTensors.map(\.path.description) }
    #expect(names(SGD(for: model)) == [])
    #expect(names(SGD(for: model, momentum: 0.9)) == ["momentum_buffer.a", "momentum_buffer.b"])
    #expect(names(Adam(for: model)) == ["exp_avg.a", "exp_avg.b", "exp_avg_sq.a", "exp_avg_sq.b"])
    #expect(names(RMSprop(for: model, isCentered: true)).contains("grad_avg.b"))
  }
}
