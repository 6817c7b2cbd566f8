import RecurrentCore
import Synchronization

extension ComputeContext {
  /// The results of independent pieces of work, in their order, computed on all threads.
  func map<Result: Sendable>(_ count: Int, _ piece: @Sendable (Int) -> Result) -> [Result] {
    let results = Mutex([Result?](repeating: nil, count: count))
    workers.forEach(count) { index in
      let result = piece(index)
      results.withLock { $0[index] = result }
    }
    return results.withLock { $0.map { $0! } }
  }
}
