/// A safetensors file as others might have made it: any header text, any data.
public func safetensorsBytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
  let text = Array(header.utf8)
  return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data
}

/// A NumPy array as others might have made it: any header text, any data.
public func npyBytes(_ header: String, data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
  let text = Array(header.utf8)
  let length = (0..<(version == 1 ? 2 : 4)).map {
    UInt8(truncatingIfNeeded: text.count >> (8 * $0))
  }
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + data
}
