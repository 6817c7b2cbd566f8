import Synchronization

/// Memory of tensors that are gone, kept for those to come, so that a training step allocates
/// nothing new after the first.
///
/// Blocks are kept by size class (powers of two and the halves between them); one that is asked for
/// again has the class's full capacity. They are aligned to 64 bytes.
package final class BufferPool: Sendable {
  /// A block nobody uses. Sendable, for it is just an address that has changed hands.
  @safe private struct FreeBlock: @unchecked Sendable {
    let address: UnsafeMutablePointer<Float>
  }

  /// The free blocks of each size class.
  private let shelves = Mutex([[FreeBlock]](repeating: [], count: 2 * Int.bitWidth))
  private let systemAllocations = Atomic<Int>(0)
  private let systemBytes = Atomic<Int>(0)

  package init() {}

  /// How often the pool had to ask the system for memory.
  package var systemAllocationCount: Int { systemAllocations.load(ordering: .relaxed) }

  /// Bytes that the pool has asked the system for. It gives none back while it lives, so this is
  /// also the most that its blocks have ever come to together.
  package var systemByteCount: Int { systemBytes.load(ordering: .relaxed) }

  /// Blocks that somebody holds.
  package var blocksInUse: Int {
    shelves.withLock { shelves in
      systemAllocationCount - shelves.reduce(0) { $0 + $1.count }
    }
  }

  deinit {
    for block in shelves.withLock({ $0.joined() }) {
      unsafe Self.deallocate(block.address)
    }
  }

  /// A size class: 16, 24, 32, 48, 64, 96, … floats.
  struct SizeClass: Equatable {
    let index: Int
    let capacity: Int

    /// The smallest class that holds `count` floats.
    init(holding count: Int) {
      // The power of two that holds them all, and the one and a half times its half below it.
      let exponent = max(4, Int.bitWidth - max(0, count - 1).leadingZeroBitCount)
      let between = 3 << (exponent - 2)
      if between >= count && exponent > 4 {
        (index, capacity) = (2 * exponent - 1, between)
      } else {
        (index, capacity) = (2 * exponent, 1 << exponent)
      }
    }
  }

  /// A block of the class. Its contents are whatever the memory held.
  func take(_ size: SizeClass) -> UnsafeMutablePointer<Float> {
    if let block = shelves.withLock({ $0[size.index].popLast() }) { return unsafe block.address }
    let count = systemAllocations.add(1, ordering: .relaxed).oldValue
    let lead = Self.lead(ofBlock: count)
    let bytes = lead + size.capacity * 4
    systemBytes.add(bytes, ordering: .relaxed)
    let block = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.line)
    let address = unsafe block + lead
    unsafe (address - Self.line).storeBytes(of: block, as: UnsafeMutableRawPointer.self)
    return unsafe address.bindMemory(to: Float.self, capacity: size.capacity)
  }

  /// Bytes of a cache line.
  private static let line = 64

  /// Bytes before a block, the last line of which says where its memory begins.
  ///
  /// They differ from block to block by some lines of a page: large blocks would all begin at the
  /// same place of a page otherwise, and equal elements of two arrays, which are used together, would
  /// compete for one place of the cache, and a load wait for a store it has nothing to do with.
  private static func lead(ofBlock count: Int) -> Int { (1 + count * 9 % 64) * line }

  private static func deallocate(_ address: UnsafeMutablePointer<Float>) {
    let raw = UnsafeMutableRawPointer(address)
    unsafe (raw - line).load(as: UnsafeMutableRawPointer.self).deallocate()
  }

  func give(_ address: UnsafeMutablePointer<Float>, _ size: SizeClass) {
    let block = unsafe FreeBlock(address: address)
    shelves.withLock { $0[size.index].append(block) }
  }

  /// Memory for as long as `body` runs.
  func withScratch<Result>(
    _ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Result
  ) -> Result {
    let size = SizeClass(holding: count)
    let address = unsafe take(size)
    defer { unsafe give(address, size) }
    return unsafe body(address)
  }
}

/// A block of floats of a context's pool, given back when the last owner lets go.
@safe package final class TensorBuffer: @unchecked Sendable {
  package let context: ComputeContext
  private let size: BufferPool.SizeClass
  let address: UnsafeMutablePointer<Float>
  /// What has been made of the numbers, until they are written in place.
  let forms = Mutex(DerivedForms())

  /// How many floats it holds: at least as many as were asked for.
  package var capacity: Int { size.capacity }

  /// Contents are whatever the memory held.
  package init(uninitialized count: Int, in context: ComputeContext) {
    self.context = context
    size = BufferPool.SizeClass(holding: count)
    unsafe address = context.buffers.take(size)
  }

  deinit { unsafe context.buffers.give(address, size) }
}
