import RecurrentCells
import RecurrentCore

extension RecurrentLayer {
  /// Runs the layer over a sequence that comes in chunks, in the memory that one chunk needs.
  ///
  /// ```swift
  /// for (output, state) in layer(chunks: readings) { … }
  /// ```
  /// Each chunk is run when it is asked for and starts from the state that the one before has left:
  /// together the outputs are those of the whole sequence. A tensor is cut into chunks by
  /// ``Tensor/chunks(of:axis:)``; a longer sequence than memory holds is one that makes its chunks as
  /// they are asked for.
  ///
  /// Nothing random acts, and no row ends early: for lengths, a key or checkpoints call the layer for
  /// each chunk.
  ///
  /// - Parameters:
  ///   - chunks: Each shaped as the layer's input, with any number of steps.
  ///   - state: Where the first one starts from; nil is a zero state, or the learnt one.
  /// - Returns: For each chunk its outputs, and the state after it.
  /// - Precondition: The layer is not bidirectional: a reverse direction needs all steps.
  public func callAsFunction<Chunks: Sequence>(
    chunks: Chunks, state: RecurrentState? = nil
  ) -> RecurrentChunks<Chunks> {
    precondition(
      !isBidirectional, "A bidirectional layer cannot be run in chunks: it needs all steps")
    return RecurrentChunks(layer: self, chunks: chunks, state: state)
  }
}

/// What a layer makes of a sequence that comes in chunks, computed as it is asked for.
public struct RecurrentChunks<Chunks: Sequence>: Sequence where Chunks.Element == Tensor {
  let layer: RecurrentLayer
  let chunks: Chunks
  let state: RecurrentState?

  /// Runs the layer over the next chunk when it is asked for it.
  public struct Iterator: IteratorProtocol {
    fileprivate let layer: RecurrentLayer
    fileprivate var chunks: Chunks.Iterator
    fileprivate var state: RecurrentState?

    public mutating func next() -> (output: Tensor, state: RecurrentState)? {
      guard let chunk = chunks.next() else { return nil }
      let result = layer(chunk, state: state)
      state = result.state
      return result
    }
  }

  public func makeIterator() -> Iterator {
    Iterator(layer: layer, chunks: chunks.makeIterator(), state: state)
  }
}

extension RecurrentChunks: Sendable where Chunks: Sendable {}
