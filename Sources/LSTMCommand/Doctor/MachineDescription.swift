import Recurrent

/// What a run computes on.
struct MachineDescription {
  /// A cache of the first processor.
  struct Cache {
    /// As `L1d`.
    let name: String
    let kibibytes: Int
  }

  let context: ComputeContext
  let caches = Self.readCaches()

  private var available: [InstructionSet] { InstructionSet.available }

  /// Linux tells of caches in small files; where there are none, nothing is said of caches.
  private static func readCaches() -> [Cache] {
    var caches: [Cache] = []
    while let cache = readCache(caches.count) { caches.append(cache) }
    return caches
  }

  private static func readCache(_ index: Int) -> Cache? {
    func read(_ name: String) -> String? {
      let path = "/sys/devices/system/cpu/cpu0/cache/index\(index)/\(name)"
      guard let bytes = try? readFile(path) else { return nil }
      return String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self)
    }
    guard let level = read("level"), let type = read("type"), let size = read("size"),
      size.hasSuffix("K"), let kibibytes = Int(size.dropLast())
    else { return nil }
    let kind = ["Data": "d", "Instruction": "i"][type] ?? ""
    return Cache(name: "L\(level)\(kind)", kibibytes: kibibytes)
  }

  var json: JSONObject {
    var json: JSONObject = [
      "isa": .string(context.instructionSet.rawValue),
      "isas": .array(available.map { .string($0.rawValue) }),
      "lanes": .integer(context.kernels.lanes), "threads": .integer(context.threadCount),
    ]
    if !caches.isEmpty {
      json["caches"] = .array(
        caches.map { ["name": .string($0.name), "kib": .integer($0.kibibytes)] })
    }
    return json
  }

  var text: String {
    let sets = available.map(\.rawValue).joined(separator: ", ")
    var lines = [
      "instruction set  \(context.instructionSet), \(context.kernels.lanes) floats a vector "
        + "(this machine has \(sets))",
      "threads          \(context.threadCount)",
    ]
    if !caches.isEmpty {
      let sizes = caches.map { "\($0.name) \($0.kibibytes) KiB" }.joined(separator: ", ")
      lines.append("caches           \(sizes)")
    }
    return lines.map { $0 + "\n" }.joined()
  }
}
