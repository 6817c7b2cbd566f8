import Recurrent

/// Where results go.
enum OutputFile {
  /// Finds out, before hours of training, whether a file can be made; makes none.
  static func check(_ path: String) throws(FileError) {
    if path == "-" { return }
    _ = try AtomicFile(path: path)
  }

  /// Writes a whole file, or to standard output where the path is `-`.
  static func write(_ text: String, to path: String) throws(FileError) {
    if path == "-" { return try StandardStream.output.write(text) }
    try AtomicFile.write(text, to: path)
  }
}
