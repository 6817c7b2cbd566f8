/// Something that reads files, and good ones to begin with.
struct FuzzReader {
  let name: String
  /// Files that can be read.
  let corpus: [[UInt8]]
  /// Large files that would like to become larger, in memory.
  var bombs: [[UInt8]] = []
  /// Reads a file and all that is in it. An error is fine if it is a sentence; a trap, a hang or much
  /// memory is not.
  let read: ([UInt8]) throws -> Void

  /// A mebibyte of something, over and over.
  static func mebibyte(of piece: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < 1 << 20 { bytes += piece }
    return bytes
  }
}

extension FuzzReader {
  /// All there are. A reader that is not here is not tested.
  static var all: [FuzzReader] {
    [.safetensors, .safetensorsHeader, .npy, .npz, .pytorch, .pickle, .onnx, .tables]
  }
}
