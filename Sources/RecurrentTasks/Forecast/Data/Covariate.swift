import RecurrentFormats

/// A column of data beside the values of the series.
public struct Covariate: Sendable, Hashable {
  public enum Role: String, Sendable, CaseIterable {
    /// Known in the future too, as a price that is planned.
    case known
    /// Known only in the past.
    case past
    /// The same at all times of a series.
    case fixed = "static"
  }

  public enum Kind: Sendable, Hashable {
    case number
    /// A text, one feature of 0 or 1 for each level.
    ///
    /// Where blanks are usual, as in a column that names holidays, a blank says that there is none.
    /// Elsewhere it is a value that is missing.
    case category(levels: [String], mayBeBlank: Bool)
  }

  public var name: String
  public var role: Role
  public var kind: Kind

  public init(name: String, role: Role, kind: Kind) {
    self.name = name
    self.role = role
    self.kind = kind
  }

  /// The names of the features that a network reads: the column's, or `column=level` for each.
  public var features: [String] {
    switch kind {
    case .number: [name]
    case .category(let levels, _): levels.map { "\(name)=\($0)" }
    }
  }

  /// The most levels of a category: each is a feature.
  public static let levelLimit = 200
}

extension Covariate {
  /// Appends the features of coded values, feature by feature.
  ///
  /// A category's code is the place of its level, or ``noLevel``; what is missing is NaN in all.
  func append(_ codes: some Collection<Double>, to features: inout [[Float]]) {
    switch kind {
    case .number: features.append(codes.map(Float.init))
    case .category(let levels, _):
      for level in levels.indices {
        features.append(codes.map { $0.isNaN ? .nan : $0 == Double(level) ? 1 : 0 })
      }
    }
  }

  /// The code of a text that is none of a category's levels: all its features are 0.
  static let noLevel = -1.0
}
