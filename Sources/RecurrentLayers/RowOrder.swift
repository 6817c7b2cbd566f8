import RecurrentCells
import RecurrentCore

/// How the rows of a padded batch are sorted by length for the engine, and back.
package struct RowOrder {
  package let batch: BatchLengths
  /// For each place of the sorted batch the row it came from; nil where nothing has to move.
  private let order: [Int]?
  private let sorted: [Int]
  private let hasPadding: Bool

  package init(lengths: [Int]?, steps: Int, rows: Int) {
    guard let lengths else {
      batch = BatchLengths(steps: steps, rows: rows)
      (order, sorted, hasPadding) = (nil, [], false)
      return
    }
    precondition(
      lengths.count == rows && lengths.allSatisfy { $0 >= 0 && $0 <= steps },
      "Expected \(rows) lengths, each 0 to \(steps), found \(lengths)")
    let order = lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
    sorted = order.map { lengths[$0] }
    hasPadding = sorted.last.map { $0 < steps } ?? false
    batch =
      hasPadding
      ? BatchLengths(sorted: sorted, steps: steps) : BatchLengths(steps: steps, rows: rows)
    self.order = order == Array(lengths.indices) ? nil : order
  }

  /// [time, batch, features] with its rows sorted and its padding zero.
  package func sortingRows(of tensor: Tensor) -> Tensor {
    guard order != nil || hasPadding else { return tensor }
    return rearranged(tensor) { step, place in
      step < sorted[place] ? (step, order?[place] ?? place) : nil
    }
  }

  /// The inverse of sorting, for a tensor whose padding is zero.
  package func restoringRows(of tensor: Tensor) -> Tensor {
    guard let inverse else { return tensor }
    return rearranged(tensor) { step, row in (step, inverse[row]) }
  }

  /// Every row's own steps in the opposite order; its own inverse.
  package func turningRows(of tensor: Tensor) -> Tensor {
    rearranged(tensor) { step, place in
      step < sorted[place] ? (sorted[place] - 1 - step, place) : nil
    }
  }

  /// [batch, size] in the sorted order.
  package func sortingBatch(of tensor: Tensor) -> Tensor { order.map(tensor.gatherRows) ?? tensor }

  /// [batch, size] in the order of the caller.
  package func restoringBatch(of tensor: Tensor) -> Tensor {
    inverse.map(tensor.gatherRows) ?? tensor
  }

  private var inverse: [Int]? {
    order.map { order in
      var inverse = order
      for (place, row) in order.enumerated() { inverse[row] = place }
      return inverse
    }
  }

  /// The tensor whose element (step, row) is that of another place, or zero where there is none.
  private func rearranged(
    _ tensor: Tensor, from source: (Int, Int) -> (step: Int, row: Int)?
  ) -> Tensor {
    let (steps, rows, width) = (tensor.shape[0], tensor.shape[1], tensor.shape[2])
    let flat = concatenated(
      [
        tensor.reshaped([steps * rows, width]),
        Tensor.zeros([1, width], on: tensor.context),
      ], alongAxis: 0)
    var places: [Int] = []
    places.reserveCapacity(steps * rows)
    for step in 0..<steps {
      for row in 0..<rows {
        places.append(source(step, row).map { $0.step * rows + $0.row } ?? steps * rows)
      }
    }
    return flat.gatherRows(places).reshaped([steps, rows, width])
  }
}
