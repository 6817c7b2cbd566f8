import Recurrent
import RecurrentONNX

/// A model that was kept, as something that runs elsewhere.
struct ModelExport {
  /// What it becomes, by the ending of a file's name.
  enum Format: String {
    case onnx
    /// A Python file that rebuilds it in PyTorch.
    case python = "py"
  }

  let content: [UInt8]
  /// The names of the weights in the model's file.
  let tensors: [String]

  /// - Throws: What opening the model throws; `ForecastModelError` where it has no network, or one
  ///   that the format cannot say.
  ///
  /// - Parameter target: The file to be.
  init(path: String, as format: Format, to target: String) throws {
    let forecaster = try Self.forecaster(path: path)
    guard let network = forecaster.networks.first else {
      throw ForecastModelError(
        file: path,
        message: "the model has no network: what it was fitted to never changed")
    }
    tensors = forecaster.networks.indices.flatMap { index in
      network.namedTensors.map { "network.\(index).\($0.path)" }
    }
    guard forecaster.networks.allSatisfy(\.isPlain) else {
      throw ForecastModelError(
        file: path,
        message: "a network with covariates of the future, dilated layers or a decoder is not "
          + "converted: only one with a recurrent stack and a head is")
    }
    switch format {
    case .onnx:
      let configuration = JSONValue.object(forecaster.configuration.json).text()
      content = try forecaster.onnx(metadata: ["forecast": configuration]).bytes
    case .python:
      guard let text = forecaster.python(weights: Self.path(path, seenFrom: target)) else {
        throw ForecastModelError(
          file: path,
          message: "PyTorch has no module of the cell "
            + "\(wordForMessage(forecaster.configuration.cell)); convert it to .onnx")
      }
      content = Array(text.utf8)
    }
  }
}

extension ModelExport {
  private static func forecaster(path: String) throws -> Forecaster {
    do {
      return try Forecaster(path: path)
    } catch let error as TensorFileError where error.systemError == nil {
      throw ForecastModelError(
        file: path,
        message: "what becomes .onnx or .py is a model that lstm has kept: \(error.message)")
    }
  }

  /// The name alone where both are in one folder, else the whole path.
  private static func path(_ path: String, seenFrom other: String) -> String {
    let whole = canonicalPath(path)
    let name = whole.split(separator: "/").last.map(String.init) ?? whole
    let folder = whole.dropLast(name.count)
    let otherFolder = canonicalPath(other).reversed().drop { $0 != "/" }.reversed()
    return String(folder) == String(otherFolder) ? name : whole
  }
}
