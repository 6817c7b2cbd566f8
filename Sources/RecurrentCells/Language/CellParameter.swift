/// A tensor that a cell learns: a matrix with its rows in named sections, or a vector likewise.
///
/// Names follow one grammar: PyTorch's where PyTorch has the parameter (`weight_ih`, `weight_hh`,
/// `bias_ih`, `bias_hh`, `weight_hr`), `peephole_<gate>` for peepholes, and for others the name that
/// the equations give. A layer appends `_l<layer>` and, for the reverse direction, `_reverse`.
public struct CellParameter: Hashable, Sendable {
  /// Where the non-zero elements of a matrix may stand.
  public enum Structure: Hashable, Sendable {
    case dense
    /// Within every section, block k of the rows meets block k of the columns only.
    case blockDiagonal(blocks: Int)
    /// Within every section, block k of the rows meets blocks k, k + 1, … of the columns.
    case blockUpperTriangular(blocks: Int)

    /// Into how many blocks rows and columns are cut.
    package var blocks: Int {
      switch self {
      case .dense: 1
      case .blockDiagonal(let blocks), .blockUpperTriangular(let blocks): blocks
      }
    }

    /// What tells it from all other structures.
    package var numbers: [Int] {
      switch self {
      case .dense: [0]
      case .blockDiagonal(let blocks): [1, blocks]
      case .blockUpperTriangular(let blocks): [2, blocks]
      }
    }

    /// The columns in which some of these rows of a section of height × width have free elements.
    package func freeColumns(ofRows rows: Range<Int>, _ height: Int, _ width: Int) -> Range<Int> {
      let first = rows.lowerBound * blocks / height
      let last = (rows.upperBound - 1) * blocks / height
      return switch self {
      case .dense: 0..<width
      case .blockDiagonal: first * width / blocks..<(last + 1) * width / blocks
      case .blockUpperTriangular: first * width / blocks..<width
      }
    }

    /// The rows in which some of these columns of a section of height × width have free elements.
    package func freeRows(ofColumns columns: Range<Int>, _ height: Int, _ width: Int) -> Range<Int>
    {
      let first = columns.lowerBound * blocks / width
      let last = (columns.upperBound - 1) * blocks / width
      return switch self {
      case .dense: 0..<height
      case .blockDiagonal: first * height / blocks..<(last + 1) * height / blocks
      case .blockUpperTriangular: 0..<(last + 1) * height / blocks
      }
    }
  }

  /// What the elements are before training.
  public enum Start: Hashable, Sendable {
    /// Uniform within ±1/√hidden, PyTorch's rule for every tensor of a recurrent layer.
    case uniform
    case constant(Double)
    /// Normal with mean 0.
    case normal(deviation: Double)
    case ramp(Ramp)
  }

  /// From one number to another within each of a vector's equal blocks of n elements:
  /// first + (last − first) (k / (n − 1))^power for k = 0 … n − 1, and `first` where n is 1.
  public struct Ramp: Hashable, Sendable {
    public let first: Double
    public let last: Double
    public let power: Double
    public let blocks: Int

    public init(from first: Double, to last: Double, power: Double = 1, blocks: Int = 1) {
      self.first = first
      self.last = last
      self.power = power
      self.blocks = blocks
    }

    /// The value of an element of a vector of `count`.
    package func value(at index: Int, of count: Int) -> Double {
      let length = count / blocks
      if length < 2 { return first }
      let share = Double(index % length) / Double(length - 1)
      return first + (last - first) * raised(share, to: power)
    }
  }

  public let name: String
  /// The names of the stacked sections, in their order in memory; one, without a name, where there
  /// is no stack.
  public let sections: [String]
  /// The shape of one section, without the columns.
  public let extents: [Extent]
  /// The columns of a matrix; nil for a vector.
  public let columns: Extent?
  public let structure: Structure
  /// How each section starts.
  public let starts: [Start]

  /// Rows and columns, or the length, in a layer of these sizes.
  public func shape(_ sizes: CellSizes) throws(CellError) -> [Int] {
    var rows = sections.count
    for extent in extents { rows *= try extent.resolved(in: sizes) }
    guard let columns else { return [rows] }
    return [rows, try columns.resolved(in: sizes)]
  }
}

/// A value that a cell carries from step to step.
public struct CellState: Hashable, Sendable {
  public let name: String
  public let shape: [Extent]
  /// Whether it counts the steps that a row has taken.
  public let isClock: Bool

  /// Elements per row in a layer of these sizes.
  public func size(_ sizes: CellSizes) throws(CellError) -> Int {
    var size = 1
    for extent in shape { size *= try extent.resolved(in: sizes) }
    return size
  }
}
