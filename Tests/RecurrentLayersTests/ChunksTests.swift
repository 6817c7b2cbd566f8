import RecurrentCells
import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

/// A sequence that comes in chunks is the whole sequence, in the memory of one chunk.
@Suite struct ChunksTests {
  @Test(arguments: StepTests.cells) func chunksAreTheSequence(_ cell: String) throws {
    for batchFirst in [false, true] {
      let layer = try RecurrentLayer(
        .named(cell), inputSize: 7, hiddenSize: 12, numLayers: 2, batchFirst: batchFirst,
        key: RandomKey(seed: 3))
      let time = batchFirst ? 1 : 0
      let input = wave(batchFirst ? [3, 11, 7] : [11, 3, 7], phase: 100)
      let start = layer(wave(input.shape, phase: 300)).state
      let (whole, end) = layer(input, state: start)
      for size in [1, 4, 11, 20] {
        var outputs: [Tensor] = []
        var last: RecurrentState?
        for (output, state) in layer(chunks: input.chunks(of: size, axis: time), state: start) {
          outputs.append(output)
          last = state
        }
        #expect(outputs.count == (11 + size - 1) / size)
        #expect(mismatch(concatenated(outputs, alongAxis: time), whole) == nil)
        for name in end.names { #expect(mismatch(last![name], end[name]) == nil) }
      }
    }
  }

  /// A layer, and a sequence of numbers in chunks of a thousand that exist when they are asked for.
  private static let context = ComputeContext(threadCount: 1)
  private static let layer = LSTM(
    inputSize: 1, hiddenSize: 5, numLayers: 2, key: RandomKey(seed: 1), on: context)

  private static func readings(_ count: Int) -> some Sequence<Tensor> {
    (0..<count).lazy.map { index in
      .normal([1000, 1, 1], key: RandomKey(seed: 2).folded(index), on: context)
    }
  }

  @Test func aMillionStepsNeedTheMemoryOfAThousand() throws {
    let pool = Self.context.buffers
    var sum = 0.0
    var held: (allocations: Int, blocks: Int)?
    var last: RecurrentState?
    for (index, (output, state)) in Self.layer(chunks: Self.readings(1000)).enumerated() {
      sum += output.sumOfSquares
      switch index {
      case 2:
        last = state
      case 5: held = (pool.systemAllocationCount, pool.blocksInUse)
      case 999:
        #expect(pool.blocksInUse == held?.blocks)
      default: break
      }
    }
    #expect(sum.isFinite && sum > 0)
    #expect(pool.systemAllocationCount == held?.allocations)
    // Three of its chunks at once are the same sequence.
    let whole = Self.layer(concatenated(Array(Self.readings(3)), alongAxis: 0)).state
    for name in whole.names { #expect(mismatch(last![name], whole[name]) == nil) }
  }

  #if !os(iOS)
    @Test func bothDirectionsCannotComeInChunks() async {
      await #expect(processExitsWith: .failure) {
        let layer = LSTM(
          inputSize: 7, hiddenSize: 12, bidirectional: true, key: RandomKey(seed: 3))
        _ = layer(chunks: [Tensor.zeros([5, 3, 7])])
      }
    }
  #endif
}
