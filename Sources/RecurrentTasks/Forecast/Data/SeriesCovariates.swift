/// What a table says about a series beside its values, in the order of a ``CovariateSchema``.
///
/// Numbers stand as they are, a category as the place of its level, or -1 for none of them; what is
/// missing is NaN.
public struct SeriesCovariates: Sendable, Hashable {
  /// For each column known in the future a value per step from the series' start, as far as it is
  /// known: at least as many as the series has.
  public var known: [[Double]]
  /// For each column known in the past a value per step of the series.
  public var past: [[Double]]
  /// For each static column its value.
  public var statics: [Double]

  public init(known: [[Double]] = [], past: [[Double]] = [], statics: [Double] = []) {
    self.known = known
    self.past = past
    self.statics = statics
  }

  public var isEmpty: Bool { known.isEmpty && past.isEmpty && statics.isEmpty }
}

/// What a network reads of a series beside its values: unscaled, NaN where it is missing.
public struct SeriesFeatures: Sendable, Hashable {
  /// For each feature known in the future a value per step of the series and of the horizon.
  public var known: [[Float]]
  /// For each feature of the past a value per step of the series.
  public var past: [[Float]]
  /// For each static feature its value.
  public var statics: [Float]

  public init(known: [[Float]] = [], past: [[Float]] = [], statics: [Float] = []) {
    self.known = known
    self.past = past
    self.statics = statics
  }
}
