import Foundation
import RecurrentCore
import RecurrentFormats

/// The path of a file in `Fixtures`.
public func fixturePath(_ name: String) -> String {
  "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Fixtures/" + name
}

/// Golden values of one family, made by a script of `Fixtures`, which says what they are.
public struct GoldenFile: Sendable {
  /// The options of each case.
  public let cases: [GoldenCase]

  /// - Parameters:
  ///   - family: `lstm` for `pytorch_lstm.safetensors`.
  ///   - source: Whose numbers they are.
  public init(_ family: String, of source: String = "pytorch") {
    let path = fixturePath("\(source)_\(family).safetensors")
    do {
      let file = try SafetensorsFile(path: path)
      let descriptions = try JSONValue(parsing: file.metadata["cases"] ?? "")
      cases = (descriptions.array ?? []).map { GoldenCase(options: $0, file: file) }
    } catch {
      fatalError("\(error)")
    }
    precondition(!cases.isEmpty, "\(path) has no cases")
  }
}

/// One case: its options and the values stored for it.
public struct GoldenCase: Sendable, CustomStringConvertible {
  /// As the script wrote them.
  public let options: JSONValue
  fileprivate let file: SafetensorsFile

  public var name: String { options["name"]!.string! }
  public var description: String { options.text() }

  /// A value that the script stored as `NAME/…`.
  public func tensor(_ name: String, on context: ComputeContext = .default) -> Tensor {
    do {
      return try file.tensor("\(self.name)/\(name)", on: context)
    } catch {
      fatalError("\(error)")
    }
  }

  /// A value with all its digits, where the script stored them (float64).
  public func array(_ name: String) -> DoubleArray {
    guard let entry = file.entry("\(self.name)/\(name)"), entry.element == .float64,
      let handle = FileHandle(forReadingAtPath: file.file)
    else { fatalError("\(file.file) has no float64 tensor \(self.name)/\(name)") }
    do {
      try handle.seek(toOffset: UInt64(entry.bytes.lowerBound))
      let bytes = [UInt8](try handle.read(upToCount: entry.bytes.count) ?? Data())
      let values = stride(from: 0, to: entry.bytes.count, by: 8).map { start in
        Double(
          bitPattern: (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) })
      }
      return DoubleArray(values, shape: entry.shape)
    } catch {
      fatalError("\(error)")
    }
  }

  /// The names of what is stored, without the case's.
  public var tensorNames: [String] {
    let prefix = name + "/"
    return file.entries.map(\.name).filter { $0.hasPrefix(prefix) }
      .map { String($0.dropFirst(prefix.count)) }
  }

  public subscript(option: String) -> JSONValue {
    guard let value = options[option] else { fatalError("\(name) has no option \(option)") }
    return value
  }
}

/// scale · cos(0.1 k k + phase), k = 0, 1, … in row-major order: the numbers of all golden values.
public func wave(
  _ shape: [Int], scale: Double = 1, phase: Int, on context: ComputeContext = .default
) -> Tensor {
  let values = (0..<shape.reduce(1, *)).map { index -> Float in
    let k = Double(index)
    let angle: Double = 0.1 * k * k + Double(phase)
    return Float(scale * cos(angle))
  }
  return Tensor(values, shape: shape, on: context)
}

extension TensorTree {
  /// The tree with parameter p, p = 0, 1, … in the tree's order, as wave(scale 0.3, phase p).
  public func filledWithWaves() -> Self {
    var phase = 0
    return mapTensors { _, tensor in
      defer { phase += 1 }
      return wave(tensor.shape, scale: 0.3, phase: phase, on: tensor.context)
    }
  }
}
