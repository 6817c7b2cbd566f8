/// Pickles written by hand, an instruction after the other, and checkpoints of PyTorch around them.
public enum PickleBytes {
  /// A checkpoint with this pickle and one storage of 24 bytes, `data/0`.
  public static func checkpoint(_ pickle: [UInt8]) -> [UInt8] {
    zipBytes([
      ("a/data.pkl", pickle), ("a/byteorder", Array("little".utf8)),
      ("a/data/0", Array(repeating: 1, count: 24)), ("a/version", Array("3\n".utf8)),
    ])
  }

  public static func text(_ text: String) -> [UInt8] {
    [0x8C, UInt8(text.utf8.count)] + Array(text.utf8)
  }

  public static func global(_ module: String, _ name: String) -> [UInt8] {
    [0x63] + Array("\(module)\n\(name)\n".utf8)
  }

  /// A whole number of four bytes.
  public static func number(_ value: Int) -> [UInt8] {
    [0x4A] + (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A number of eight bytes.
  public static func large(_ value: Int) -> [UInt8] {
    [0x8A, 8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  public static func tuple(_ elements: [[UInt8]]) -> [UInt8] {
    [0x28] + elements.joined() + [0x74]
  }

  /// A tensor of float32 in `data/0`.
  public static func tensor(
    storage: String = "FloatStorage", key: String = "0", count: Int = 6, offset: Int = 0,
    shape: [Int] = [2, 3], strides: [Int] = [3, 1]
  ) -> [UInt8] {
    let place = tuple([
      text("storage"), global("torch", storage), text(key), text("cpu"), large(count),
    ])
    let arguments = [
      place + [0x51], large(offset), tuple(shape.map(large)), tuple(strides.map(large)), [0x89],
      global("collections", "OrderedDict") + [0x29, 0x52],
    ]
    return global("torch._utils", "_rebuild_tensor_v2") + tuple(arguments) + [0x52]
  }

  /// `{"a": value}`
  public static func dictionary(_ value: [UInt8]) -> [UInt8] {
    [0x80, 2, 0x7D] + text("a") + value + [0x73, 0x2E]
  }

  /// A checkpoint with a bit of everything, as protocol 4 writes it: names kept and taken up again, a
  /// parameter, a list, numbers of all kinds.
  public static var stateDict: [UInt8] {
    let parameter =
      global("torch._utils", "_rebuild_parameter") + tuple([tensor(), [0x88], [0x7D]]) + [0x52]
    let values: [[UInt8]] = [
      text("state_dict") + [0x94],
      [0x7D, 0x28] + text("weight") + [0x94] + parameter + text("bias")
        + tensor(offset: 3, shape: [3], strides: [1]) + [0x75],
      text("epoch"), [0x4B, 3], text("rate"), [0x47] + Array(repeating: 0x3F, count: 8),
      text("betas"), tuple([[0x4E], [0x88], [0x89]]), text("list"),
      [0x5D, 0x28] + number(-1) + large(1 << 40) + [0x68, 0] + [0x65],
      text("type"), global("torch", "float32"), text("nested"), [0x7D],
    ]
    return [0x80, 4, 0x95] + Array(repeating: 0, count: 8) + global("collections", "OrderedDict")
      + [0x29, 0x52, 0x28] + values.joined() + [0x75, 0x7D, 0x62, 0x2E]
  }
}
