import Synchronization

/// Memory of tensors that are gone, kept for those to come, so that a training step allocates
/// nothing new after the first.
///
/// Buffers are kept by size class (powers of two and the halves between them); one that is asked
/// for again has the class's full capacity.
package final class BufferPool: Sendable {
  private struct Shelves {
    var free: [Int: [FreeBlock]] = [:]
    var liveFloats = 0
  }

  /// A block nobody uses. Sendable, for it is just an address that has changed hands.
  private struct FreeBlock: @unchecked Sendable {
    let address: UnsafeMutablePointer<Float>
  }

  private let shelves = Mutex(Shelves())
  /// How often the pool had to ask the system for memory.
  private let systemAllocations = Atomic<Int>(0)

  package init() {}

  package var systemAllocationCount: Int { systemAllocations.load(ordering: .relaxed) }

  deinit {
    shelves.withLock { shelves in
      for block in shelves.free.values.joined() { unsafe free(block.address) }
    }
  }

  /// The capacity, in floats, of the class that `count` floats belong to: at least 16.
  static func sizeClass(_ count: Int) -> Int {
    var size = 16
    while size < count {
      let half = size + size / 2
      if half >= count { return half }
      size *= 2
    }
    return size
  }

  func take(_ capacity: Int) -> UnsafeMutablePointer<Float> {
    let block = shelves.withLock { $0.free[capacity]?.popLast() }
    if let block = unsafe block { return unsafe block.address }
    systemAllocations.add(1, ordering: .relaxed)
    return unsafe UnsafeMutableRawPointer.allocate(byteCount: capacity * 4, alignment: 64)
      .bindMemory(to: Float.self, capacity: capacity)
  }

  func give(_ address: UnsafeMutablePointer<Float>, capacity: Int) {
    let block = unsafe FreeBlock(address: address)
    shelves.withLock { unsafe $0.free[capacity, default: []].append(block) }
  }

  private func free(_ address: UnsafeMutablePointer<Float>) {
    unsafe UnsafeMutableRawPointer(address).deallocate()
  }
}

/// A block of floats of a context's pool, given back when the last owner lets go.
package final class TensorBuffer: @unchecked Sendable {
  package let context: ComputeContext
  package let capacity: Int
  let address: UnsafeMutablePointer<Float>

  /// Contents are whatever the memory held.
  package init(uninitialized count: Int, in context: ComputeContext) {
    self.context = context
    capacity = BufferPool.sizeClass(count)
    unsafe address = context.buffers.take(capacity)
  }

  deinit { unsafe context.buffers.give(address, capacity: capacity) }
}
