import OnnxProto
import RecurrentCore
import RecurrentFormats

/// Files beside a model that hold numbers of its tensors, as PyTorch's newer exporter writes them.
///
/// An object, for each file is mapped once.
final class ExternalData {
  /// The model's folder; nil where a model is not a file.
  private let folder: String?
  private var files: [String: File] = [:]

  private final class File {
    let mapped: MappedFile
    init(_ mapped: consuming MappedFile) { self.mapped = mapped }
  }

  /// - Parameter path: The model's file; nil where it is held in memory.
  init(beside path: String?) {
    folder = path.map { path in
      path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
  }

  /// The bytes of a tensor.
  ///
  /// - Throws: ``Fault`` where they are not in a file of that name in the model's own folder, or not
  ///   as many.
  func withBytes<Result>(
    of tensor: Onnx_TensorProto, count: Int, _ body: (Span<UInt8>) throws -> Result
  ) throws -> Result {
    var entries: [String: String] = [:]
    for entry in tensor.externalData { entries[entry.key] = entry.value }
    guard let folder else { throw Fault("its numbers are in another file, which is not here") }
    let name = entries["location"] ?? ""
    // A name out of a file says nothing about folders.
    guard !name.isEmpty, name != ".", name != "..",
      !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
    else {
      throw Fault(
        "its numbers are in \(quotedForMessage(name)), which is no file in the model's folder")
    }
    func number(_ key: String, _ value: Int) throws -> Int {
      guard let text = entries[key] else { return value }
      guard let number = Int(text), number >= 0 else {
        throw Fault("\(key) is not a number of bytes: \(quotedForMessage(text))")
      }
      return number
    }
    let file = try files[name] ?? open(folder + name)
    files[name] = file
    let (offset, size) = (try number("offset", 0), file.mapped.count)
    guard try number("length", count) == count else {
      throw Fault("\(count) bytes expected, \(try number("length", count)) are said to be there")
    }
    guard offset <= size, count <= size - offset else {
      throw Fault(
        "\(count) bytes from \(offset) on expected in \(quotedForMessage(name)), which has \(size)")
    }
    return try file.mapped.withBytes { try body($0.extracting(offset..<offset + count)) }
  }

  private func open(_ path: String) throws -> File {
    do { return File(try MappedFile(path: path)) } catch { throw Fault("\(error)") }
  }
}
