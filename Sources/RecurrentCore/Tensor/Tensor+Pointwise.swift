extension Tensor {
  /// A function of up to four numbers, element by element in Double, whose value and derivatives are
  /// taken together: for what would lose its digits in Float, or share nearly all its work.
  ///
  /// - Parameters:
  ///   - inputs: One to four, of one shape.
  ///   - function: Gives the value and the derivative by each input; lanes beyond the inputs are 0.
  package static func pointwise(
    _ name: StaticString, _ inputs: [Tensor],
    _ function: @Sendable (SIMD4<Double>) -> (value: Double, slopes: SIMD4<Double>)
  ) -> Tensor {
    let (shape, context) = (inputs[0].shape, inputs[0].context)
    precondition(
      inputs.count <= 4 && inputs.allSatisfy { $0.shape == shape },
      "\(name) expected up to four tensors of one shape, found \(inputs.map(\.shape))")
    let sources = inputs.map(\.detached)
    let result = Tensor(uninitialized: shape, on: context)
    let slopes = inputs.map { input in
      input.trace == nil ? nil : Tensor(uninitialized: shape, on: context)
    }
    let step = 512
    context.workers.forEach((result.count + step - 1) / step) { piece in
      for place in piece * step..<min((piece + 1) * step, result.count) {
        var numbers = SIMD4<Double>()
        for (lane, source) in sources.enumerated() {
          unsafe numbers[lane] = Double(source.pointer[place])
        }
        let found = function(numbers)
        unsafe result.pointer[place] = Float(found.value)
        for (lane, slope) in slopes.enumerated() {
          if let slope { unsafe slope.pointer[place] = Float(found.slopes[lane]) }
        }
      }
    }
    return record(name, inputs: inputs, output: result) { gradient in
      slopes.map { slope in slope.map { Pointwise.product(gradient, $0) } }
    }
  }
}

private enum Pointwise {
  static let product = ElementwiseProgram { $0.store($0.input(0) * $0.input(1), to: 0) }
}

/// log Γ(x) of each element, for x > 0; NaN below. The derivative is the digamma function ψ(x).
public func logGamma(_ x: Tensor) -> Tensor {
  Tensor.pointwise("logGamma", [x]) { numbers in
    (logGamma(numbers[0]), SIMD4(digamma(numbers[0]), 0, 0, 0))
  }
}
