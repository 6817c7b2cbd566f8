import Recurrent
import RecurrentONNX

extension Forecaster {
  /// A Python file that rebuilds the networks in PyTorch and loads their weights.
  ///
  /// - Parameter weights: The model's file, seen from the Python file's folder.
  /// - Returns: nil where PyTorch has no module of the cell.
  func python(weights: String) -> String? {
    let network = networks[0]
    guard let module = network.recurrent.pyTorchModule else { return nil }
    let widths = ForecastHead.widthOffsets(network.levels)
    let offsets = (widths + widths).map { "\($0)" }.joined(separator: ", ")
    let (inputs, outputs) = (network.answer.weight.shape[1], network.answer.weight.shape[0])
    return """
      \"""The networks of \(Self.pythonText(weights)), in PyTorch.

      Written by lstm convert. Needs torch and safetensors. The statistical base, which prepares what
      the networks read and takes up what they say, is not here.
      \"""

      import pathlib

      import torch
      from safetensors.torch import load_file

      HORIZON, LEVELS = \(network.horizon), \(network.levels.count)


      class Network(torch.nn.Module):
          def __init__(self):
              super().__init__()
              self.recurrent = \(module)
              self.head = torch.nn.Linear(\(inputs), \(outputs))
              offsets = torch.tensor([\(offsets)])
              self.register_buffer("offsets", offsets, persistent=False)

          def forward(self, inputs, context):
              \"""inputs [windows, seasons, features] and context [windows, \(inputs - network.recurrent.outputSize)] to centre
              [windows, HORIZON], below and above [windows, HORIZON, LEVELS].\"""
              outputs, _ = self.recurrent(inputs.transpose(0, 1))
              answer = self.head(torch.cat([outputs[-1], context], dim=1))
              answer = answer.reshape(-1, HORIZON, 1 + 2 * LEVELS)
              widths = torch.nn.functional.softplus(answer[:, :, 1:] + self.offsets)
              return (answer[:, :, 0], widths[:, :, :LEVELS].cumsum(2),
                      widths[:, :, LEVELS:].cumsum(2))


      class Forecaster(torch.nn.Module):
          def __init__(self):
              super().__init__()
              self.network = torch.nn.ModuleList([Network() for _ in range(\(networks.count))])

          def forward(self, inputs, context):
              answers = [network(inputs, context) for network in self.network]
              return tuple(torch.stack(parts).mean(0) for parts in zip(*answers))


      def load(path=pathlib.Path(__file__).parent / \(Self.pythonText(weights))):
          model = Forecaster()
          model.load_state_dict(load_file(path))
          return model.eval()


      if __name__ == "__main__":
          print(load())

      """
  }

  /// A text as Python writes it.
  private static func pythonText(_ text: String) -> String {
    JSONValue.string(text).text()
  }
}

extension RecurrentLayer {
  /// How PyTorch makes this layer; nil where it has no module of the cell.
  fileprivate var pyTorchModule: String? {
    guard !learnsInitialState, !isResidual, merge == .concatenate,
      let kind = RecurrentOperator.pyTorchKind(of: cell)
    else { return nil }
    var arguments = ["\(inputSize)", "\(hiddenSize)"]
    if numLayers > 1 { arguments.append("num_layers=\(numLayers)") }
    if !kind.hasBias { arguments.append("bias=False") }
    if batchFirst { arguments.append("batch_first=True") }
    if isBidirectional { arguments.append("bidirectional=True") }
    if let nonlinearity = kind.nonlinearity { arguments.append("nonlinearity=\"\(nonlinearity)\"") }
    if let size = kind.projectionSize { arguments.append("proj_size=\(size)") }
    return "torch.nn.\(kind.name)(\(arguments.joined(separator: ", ")))"
  }
}
