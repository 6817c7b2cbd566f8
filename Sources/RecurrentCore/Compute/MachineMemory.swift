#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The memory that there is for this process, in bytes: the machine's, or what its control group may
/// have where that is less; nil where the system does not say.
package func machineMemory() -> Int? {
  let pages = sysconf(Int32(_SC_PHYS_PAGES))
  let size = sysconf(Int32(_SC_PAGESIZE))
  var memory = pages > 0 && size > 0 ? Int(pages) * Int(size) : nil
  // Version 2 of control groups, then version 1. Without a limit there is a word or a huge number.
  for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
    guard let bytes = try? readFile(path),
      let limit = Int(String(decoding: bytes.prefix { $0 != 0x0A }, as: UTF8.self)), limit > 0
    else { continue }
    memory = memory.map { min($0, limit) } ?? limit
  }
  return memory
}
