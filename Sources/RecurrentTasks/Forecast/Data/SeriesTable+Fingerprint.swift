import RecurrentFormats

extension SeriesTable {
  /// Sixteen digits that change with any value, time or id: they say whether a checkpoint is of these
  /// data (FNV-1a; it is no protection against malice).
  public var fingerprint: String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    func add(_ text: String) {
      for byte in text.utf8 { add(byte) }
      add(0)
    }
    func add(_ values: [Double]) {
      for value in values {
        let bits = value.isNaN ? UInt64.max : value.bitPattern
        for shift in stride(from: 0, to: 64, by: 8) {
          add(UInt8(truncatingIfNeeded: bits >> shift))
        }
      }
    }
    add("\(frequency)")
    if fill.isGuess { add(fill.rawValue) }
    for one in series {
      add(one.id ?? "")
      add("\(one.start)")
      add(one.values)
      for column in one.covariates.known + one.covariates.past { add(column) }
      add(one.covariates.statics)
    }
    if !schema.isEmpty { add(schema.json.text()) }
    if let calendar { add(JSONValue.object(calendar.json).text()) }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
