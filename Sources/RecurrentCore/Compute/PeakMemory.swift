#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The most memory that this process has had in use at once since it was started, in bytes: its
/// resident pages, the program's own among them.
package func peakResidentMemory() -> Int {
  // Linux's getrusage also knows what the process was before it became this program.
  if let bytes = try? readFile("/proc/self/status") {
    let name = "VmHWM:"
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    where line.hasPrefix(name) {
      let words = line.dropFirst(name.count).split { $0 == " " || $0 == "\t" }
      if let kibibytes = words.first.flatMap({ Int($0) }) { return kibibytes * 1024 }
    }
  }
  var usage = rusage()
  // 0 is RUSAGE_SELF, which Glibc declares with another type than it takes.
  unsafe getrusage(0, &usage)
  #if canImport(Darwin)
    return usage.ru_maxrss
  #else
    return usage.ru_maxrss * 1024
  #endif
}
