import ArgumentParser
import Recurrent

/// Where results go.
enum OutputFile {
  typealias Content = (path: String, content: [UInt8])

  /// Refuses paths that cannot go together, whatever they are called: what is read must not be replaced,
  /// and standard output takes one thing.
  static func validate(
    _ paths: [String?], besides read: [String], asJSON: Bool
  ) throws(ValidationError) {
    let paths = paths.compactMap { $0 }
    guard Set(paths.map(canonicalPath)).count == paths.count else {
      throw ValidationError("two of the files to write are the same")
    }
    let kept = Set(read.map(canonicalPath))
    if let path = paths.first(where: { $0 != "-" && kept.contains(canonicalPath($0)) }) {
      throw ValidationError("\(path) is to be read, and cannot be written too")
    }
    if asJSON, paths.contains("-") {
      throw ValidationError("--json and a file called - both want standard output")
    }
  }

  /// Finds out, before hours of training, whether a file can be made; makes none.
  static func check(_ path: String) throws(FileError) {
    if path == "-" { return }
    _ = try AtomicFile(path: path)
  }

  /// Writes whole files, all or none: the first takes its name when the last is complete and what is
  /// to be printed is out. A path `-` is standard output.
  static func write(
    _ files: [Content], printing print: () throws(FileError) -> Void
  ) throws(FileError) {
    guard let (path, content) = files.first else { return try print() }
    var file = try AtomicFile(path: path)
    try file.write(content)
    try write(Array(files.dropFirst()), printing: print)
    try file.commit()
  }

  /// Writes whole files, all or none, and prints what they belong to: one JSON document, or a text
  /// that ends with the files' names. Where a file is standard output, nothing else is printed.
  static func write(
    _ files: [Content], asJSON: Bool, json: @autoclosure () -> JSONObject,
    text: @autoclosure () -> String
  ) throws(FileError) {
    try write(files) { () throws(FileError) in
      let paths = files.map(\.path)
      if paths.contains("-") { return }
      let written = paths.isEmpty ? "" : "\nWritten: \(paths.joined(separator: ", "))\n"
      try StandardStream.output.write(asJSON ? json().document : text() + written)
    }
  }
}

extension JSONObject {
  /// The one document of `--json`.
  var document: String { JSONValue.object(self).text(indented: true) + "\n" }
}
