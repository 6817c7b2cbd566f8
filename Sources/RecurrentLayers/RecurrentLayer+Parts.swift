import RecurrentCells
import RecurrentCore

extension RecurrentLayer {
  /// A layer of the stack, for those who write it down in another form.
  package struct Part {
    /// As it is where no random key is given; what the layer above reads is recorded.
    package let cell: Cell
    package let sizes: CellSizes
    /// The states that the layer above reads, in the order of the recordings.
    package let readAbove: [String]
    /// For each direction, in the order of ``Cell/parameters``; zero where a structure says so.
    package let parameters: [[Tensor]]
    /// For each direction for each state its size, and where it starts if that is learnt.
    package let starts: [[(size: Int, learnt: Tensor?)]]
  }

  package var parts: [Part] {
    engines.indices.map { layer in
      let engine = engines[layer]
      let compiled = engine.engine(isRandom: false, recording: []).compiled
      let restricting = CellEngine(compiled)
      return Part(
        cell: compiled.cell, sizes: compiled.sizes, readAbove: engine.readAbove,
        parameters: parameters[layer].map { parameters in
          parameters.enumerated().map { restricting.restricted($1, parameter: $0).detached }
        },
        starts: initialStates[layer].map { learnt in
          compiled.stateSizes.enumerated().map { state, size in
            let place = learnsInitialState ? engine.learntStates.firstIndex(of: state) : nil
            return (size, place.map { learnt[$0].detached })
          }
        })
    }
  }
}
