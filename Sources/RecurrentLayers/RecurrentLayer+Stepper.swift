import RecurrentCells
import RecurrentCore

extension RecurrentLayer {
  /// What a stepper of the stack is made of.
  var stepperLayers: [StackStepper.Layer] {
    engines.indices.map { layer in
      let compiled = engines[layer].engine(isRandom: false, recording: []).compiled
      return StackStepper.Layer(
        compiled, parameters: parameters[layer][0],
        inputs: compiled.cell.inputs.map { input in
          guard let state = input.stateBelow else { return .features }
          return .recording(engines[layer - 1].readAbove.firstIndex(of: state)!)
        },
        isResidual: isResidual && layer > 0, in: context)
    }
  }

  /// The learnt value [layers, rows, size] that a state starts from; nil where it is zero.
  func startingState(_ state: Int, rows: Int) -> Tensor? {
    guard learnsInitialState, let learnt = engines[0].learntStates.firstIndex(of: state)
    else { return nil }
    return stacked(
      engines.indices.map { layer in
        let value = initialStates[layer][0][learnt].detached
        return Tensor.zeros([rows, value.count], on: context) + value
      })
  }

  func state(of stepper: borrowing StackStepper) -> RecurrentState {
    var values: [Tensor] = []
    for state in engines[0].stateNames.indices { values.append(stepper.state(state)) }
    return RecurrentState(names: engines[0].stateNames, values: values)
  }

  /// A step of which nobody wants more than the output [rows, size] and the states, by the prepared
  /// step that the layer keeps; nil where there is none, or a tape.
  ///
  /// - Parameter input: [1, rows, size].
  func preparedStep(
    _ input: Tensor, state: RecurrentState?
  ) -> (output: Tensor, state: RecurrentState)? {
    if isBidirectional || input.trace != nil || input.context !== context { return nil }
    var versions: [ParameterVersion] = []
    for layer in parameters.indices {
      for parameter in parameters[layer][0] {
        if parameter.trace != nil { return nil }
        versions.append(ParameterVersion(parameter))
      }
      if state == nil, initialStates[layer][0].contains(where: { $0.trace != nil }) { return nil }
    }
    let names = engines[0].stateNames
    if let state, names.contains(where: { state[$0].trace != nil }) { return nil }
    let rows = input.shape[1]
    return stepper.use(versions, rows: rows, in: context, layers: { stepperLayers }) { stepper in
      for (index, name) in names.enumerated() {
        stepper.setState(index, to: state?[name] ?? startingState(index, rows: rows))
      }
      var output = Tensor(uninitialized: [1, rows, outputSize], on: context)
      input.withElements { input in
        output.withMutableElements { stepper.step(input, into: &$0) }
      }
      return (output, self.state(of: stepper))
    }
  }
}
