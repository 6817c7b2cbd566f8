import RecurrentCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Which input is being read, for whoever has to find out after a trap.
enum CrashNote {
  private static let reader = Atomic<Int>(0)
  private static let input = Atomic<Int>(0)

  static func set(reader: Int, input: Int) {
    Self.reader.store(reader, ordering: .relaxed)
    Self.input.store(input, ordering: .relaxed)
  }

  /// A process that dies of a trap says first what it was reading.
  static func install() {
    for number in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
      signal(number) { number in
        CrashNote.write("fuzz: trapped by reader ")
        CrashNote.write(CrashNote.reader.load(ordering: .relaxed))
        CrashNote.write(", input ")
        CrashNote.write(CrashNote.input.load(ordering: .relaxed))
        CrashNote.write("\n")
        _exit(1)
      }
    }
  }

  /// Ends the program with a line on standard error.
  static func end(_ message: String) -> Never {
    try? StandardStream.error.write("fuzz: \(message)\n")
    exit(1)
  }

  // Nothing here may allocate.

  private static func put(_ stream: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
      unsafe Glibc.write(stream, bytes, count)
    #elseif canImport(Musl)
      unsafe Musl.write(stream, bytes, count)
    #else
      unsafe Darwin.write(stream, bytes, count)
    #endif
  }

  private static func write(_ text: StaticString) {
    _ = unsafe put(2, text.utf8Start, text.utf8CodeUnitCount)
  }

  private static func write(_ number: Int) {
    if number < 0 { return write("which is a bomb") }
    var power = 1
    while number / power >= 10 { power *= 10 }
    while power > 0 {
      var digit = UInt8(48 + number / power % 10)
      _ = unsafe put(2, &digit, 1)
      power /= 10
    }
  }
}
