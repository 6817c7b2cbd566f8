import CAllocationCount

/// How often some work asks the system for memory.
enum AllocationCount {
  /// The calls to `malloc` and its kind while `body` runs, on any thread; nil where they cannot be
  /// seen: in a statically linked program, and without the GNU C library.
  static func during(_ body: () -> Void) -> Int? {
    guard allocation_count_works() == 1 else { return nil }
    allocation_count_start()
    body()
    return Int(allocation_count_stop())
  }
}
