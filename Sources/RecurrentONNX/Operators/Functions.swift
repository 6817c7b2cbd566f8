import RecurrentCore

/// Functions of one tensor, element by element.
enum Functions {
  static let operators: [Operator] = [
    tensor("Sqrt") { sqrt($0) },
    tensor("Exp") { exp($0) },
    tensor("Log") { log($0) },
    tensor("Sigmoid") { sigmoid($0) },
    tensor("Tanh") { tanh($0) },
    tensor("Softplus") { softplus($0) },
    tensor("Reciprocal") { 1 / $0 },
    element("Erf", systemErrorFunction),
    element("Sin", systemSine),
    element("Cos", systemCosine),
    element("Tan", systemTangent),
    element("Floor") { $0.rounded(.down) },
    element("Ceil") { $0.rounded(.up) },
    element("Round") { $0.rounded(.toNearestOrEven) },
    element("Softsign") { $0 / (1 + abs($0)) },
    element("HardSwish") { $0 * min(max($0 / 6 + 0.5, 0), 1) },
    element("Mish") {
      $0 * systemHyperbolicTangent(systemLogarithmOfOnePlus(systemExponential($0)))
    },
    number("Neg", { -$0 }, { 0 &- $0 }, { 0 &- $0 }),
    number("Abs", { abs($0) }, { $0 < 0 ? 0 &- $0 : $0 }, { $0 < 0 ? 0 &- $0 : $0 }),
    number("Relu", { relu($0) }, { max($0, 0) }, { max($0, 0) }),
    number(
      "Sign", { $0.mapElements { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 } }, { $0.signum() },
      { $0.signum() }),
    parametrised("LeakyRelu", alpha: 0.01) { x, alpha, _ in x < 0 ? alpha * x : x },
    parametrised("ThresholdedRelu", alpha: 1) { x, alpha, _ in x > alpha ? x : 0 },
    parametrised("Elu", alpha: 1) { x, alpha, _ in
      x < 0 ? alpha * (systemExponential(x) - 1) : x
    },
    parametrised("Celu", alpha: 1) { x, alpha, _ in
      x < 0 ? alpha * (systemExponential(x / alpha) - 1) : x
    },
    parametrised("Selu", alpha: 1.67326319, gamma: 1.05070102) { x, alpha, gamma in
      gamma * (x > 0 ? x : alpha * systemExponential(x) - alpha)
    },
    Operator("HardSigmoid", inputs: 1...1) { node in
      let (alpha, beta) = (try node.float("alpha") ?? 0.2, try node.float("beta") ?? 0.5)
      return { call in
        [.float32(try call.float(0).mapElements { min(max(alpha * $0 + beta, 0), 1) })]
      }
    },
    Operator("Gelu", inputs: 1...1, since: 20) { node in
      let isApproximate = try node.choice(
        "approximate", ["none": false, "tanh": true], default: false)
      return { call in
        let x = try call.float(0)
        return [
          .float32(
            isApproximate
              ? x.mapElements { x in
                0.5 * x
                  * (1 + systemHyperbolicTangent(0.797_884_6 * (x + 0.044_715 * x * x * x)))
              }
              : x.mapElements { x in
                0.5 * x * (1 + systemErrorFunction(x * 0.707_106_77))
              })
        ]
      }
    },
    Operator("Swish", inputs: 1...1, since: 24) { node in
      let alpha = try node.float("alpha") ?? 1
      return { call in
        let x = try call.float(0)
        return [.float32(x.count == 0 ? x : x * sigmoid(x * alpha))]
      }
    },
    Operator("PRelu", inputs: 2...2) { _ in
      { call in
        let (x, slope) = (try call.float(0).array, try call.float(1).array)
        let result = try call.pairs(x, slope) { $0 < 0 ? $1 * $0 : $0 }
        return [.float32(Tensor(result.elements, shape: result.shape, on: call.context))]
      }
    },
    Operator("Clip", inputs: 1...3, prepare: clip),
  ]

  private static func tensor(
    _ name: String, _ function: @escaping @Sendable (Tensor) -> Tensor
  ) -> Operator {
    Operator(name, inputs: 1...1) { _ in
      { call in
        let x = try call.float(0)
        return [.float32(x.count == 0 ? x : function(x))]
      }
    }
  }

  private static func element(
    _ name: String, _ function: @escaping @Sendable (Float) -> Float
  ) -> Operator {
    Operator(name, inputs: 1...1) { _ in
      { call in [.float32(try call.float(0).mapElements(function))] }
    }
  }

  private static func number(
    _ name: String, _ floats: @escaping @Sendable (Tensor) -> Tensor,
    _ longs: @escaping @Sendable (Int64) -> Int64, _ ints: @escaping @Sendable (Int32) -> Int32
  ) -> Operator {
    Operator(name, inputs: 1...1) { _ in
      { call in
        switch try call.value(0) {
        case .float32(let tensor): [.float32(tensor.count == 0 ? tensor : floats(tensor))]
        case .int64(let array): [.int64(array.map(longs))]
        case .int32(let array): [.int32(array.map(ints))]
        case .bool: throw Fault("it is not computed of bool")
        }
      }
    }
  }

  private static func parametrised(
    _ name: String, alpha: Float, gamma: Float? = nil,
    _ function: @escaping @Sendable (_ x: Float, _ alpha: Float, _ gamma: Float) -> Float
  ) -> Operator {
    Operator(name, inputs: 1...1) { node in
      let alpha = try node.float("alpha") ?? alpha
      let gamma = try gamma.map { try node.float("gamma") ?? $0 } ?? 1
      return { call in [.float32(try call.float(0).mapElements { function($0, alpha, gamma) })] }
    }
  }

  @Sendable private static func clip(_ node: NodeReader) throws -> Kernel {
    // Until opset 11 the bounds are attributes.
    let bounds = node.opset < 11
    let lower = bounds ? try node.float("min") : nil
    let upper = bounds ? try node.float("max") : nil
    return { call in
      func bound<Number>(
        _ index: Int, _ attribute: Number?, _ numbers: (OnnxValue) -> [Number]?
      ) throws -> Number? {
        guard let value = call[index] else { return attribute }
        guard let numbers = numbers(value), numbers.count == 1 else {
          throw Fault(
            "input \(index) is a number of the first one's type, found \(value.description)")
        }
        return numbers[0]
      }
      func clipped<Number: Comparable>(_ x: Number, _ low: Number?, _ high: Number?) -> Number {
        let raised = low.map { x < $0 ? $0 : x } ?? x
        return high.map { raised > $0 ? $0 : raised } ?? raised
      }
      switch try call.value(0) {
      case .float32(let x):
        func numbers(_ value: OnnxValue) -> [Float]? {
          if case .float32(let tensor) = value { tensor.elements } else { nil }
        }
        let (low, high) = (try bound(1, lower, numbers), try bound(2, upper, numbers))
        return [.float32(x.mapElements { clipped($0, low, high) })]
      case .int64(let x):
        func numbers(_ value: OnnxValue) -> [Int64]? {
          if case .int64(let array) = value { array.elements } else { nil }
        }
        let (low, high) = (try bound(1, nil, numbers), try bound(2, nil, numbers))
        return [.int64(x.map { clipped($0, low, high) })]
      case .int32(let x):
        func numbers(_ value: OnnxValue) -> [Int32]? {
          if case .int32(let array) = value { array.elements } else { nil }
        }
        let (low, high) = (try bound(1, nil, numbers), try bound(2, nil, numbers))
        return [.int32(x.map { clipped($0, low, high) })]
      case .bool: throw Fault("it is not computed of bool")
      }
    }
  }
}
