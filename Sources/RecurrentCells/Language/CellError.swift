/// What is wrong with a cell's equations, or with the sizes it is given.
public struct CellError: Error, Hashable, Sendable, CustomStringConvertible {
  public struct Code: Hashable, Sendable {
    let name: String
    /// A state is never given its next value, or twice.
    public static let unsetState = Code(name: "unsetState")
    /// A value's size is not what its place asks for.
    public static let mismatchedSize = Code(name: "mismatchedSize")
    /// Two parameters or states have one name.
    public static let duplicateName = Code(name: "duplicateName")
    /// No output is named, or more than one.
    public static let missingOutput = Code(name: "missingOutput")
    /// The equations make no affine map, state or section of that name.
    public static let unknownName = Code(name: "unknownName")
    /// A size does not divide into the parts asked for.
    public static let indivisibleSize = Code(name: "indivisibleSize")
    /// Options that cannot go together, or a value out of range.
    public static let invalidOption = Code(name: "invalidOption")
  }

  public let code: Code
  public let description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}
