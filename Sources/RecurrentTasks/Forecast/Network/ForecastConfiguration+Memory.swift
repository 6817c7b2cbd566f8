import RecurrentCells
import RecurrentCore

extension ForecastConfiguration {
  /// About the bytes that training takes, for a table whose usual series has so many values: it is
  /// for saying beforehand that there are not enough.
  ///
  /// A network has its weights, their gradients, two moments, an average, the packed weights of the
  /// way forward and back, and what an update holds meanwhile: some ten times its weights, as measured
  /// from 256 units to 2048. Of each of the 64 windows of a step it keeps what the way back needs.
  /// Networks that are done stay with their weights.
  ///
  /// - Throws: `CellError` where the cell cannot have so many units.
  public func trainingMemory(usualCount: Int) throws(CellError) -> Int {
    let size = try ForecastNetwork.size(
      self, seasons: seasonsRead(ofUsualCount: usualCount))
    return MemoryLayout<Float>.size
      * (size.parameters * (Self.copiesInTraining + members) + 64 * size.recorded)
  }

  private static let copiesInTraining = 10

  /// Whether the machine has the memory for it; true where it does not say how much it has.
  func hasMemory(usualCount: Int) throws(CellError) -> Bool {
    try machineMemory().map { there throws(CellError) in
      try trainingMemory(usualCount: usualCount) <= there
    } ?? true
  }

  /// Makes sure that there is memory to train with.
  ///
  /// - Throws: ``ForecastMemoryError`` where there is not; `CellError` where the cell cannot have so
  ///   many units.
  public func requireMemory(for table: SeriesTable) throws {
    let needed = try trainingMemory(usualCount: table.series.map(\.values.count).median)
    if let there = machineMemory(), needed > there {
      throw ForecastMemoryError(needed: needed, available: there)
    }
  }
}

/// A network that is too large for the machine.
public struct ForecastMemoryError: Error, Sendable, Hashable, CustomStringConvertible {
  /// About the bytes that training takes.
  public var needed: Int
  /// The bytes of the machine.
  public var available: Int

  public var description: String {
    "training such a network takes about \(gigabytes(needed)) of memory, and there are "
      + "\(gigabytes(available)); fewer units (--hidden), layers (--layers, --dilations), members "
      + "(--members) or seasons read (--input-seasons) take less"
  }

  private func gigabytes(_ bytes: Int) -> String { "\(significant(Double(bytes) / 1e9, 3)) GB" }
}
