/// A value of a pickle; what holds other values is in the pickle's list of objects.
enum PickleValue: Sendable, Hashable {
  case none
  case bool(Bool)
  case integer(Int)
  /// A whole number that `Int` does not hold: two's complement, the lowest byte first.
  case largeInteger([UInt8])
  case float(Double)
  case string(String)
  case bytes([UInt8])
  /// A name of something in Python, `torch.FloatStorage`; it is a name here and nothing else.
  case global(String)
  /// The place in the list of objects.
  case object(Int)
}

/// A value that holds others.
struct PickleObject: Sendable {
  enum Kind: Sendable, Hashable {
    case tuple
    case list
    case set
    /// Elements are keys and values in turn.
    case dictionary
    /// What would be a call in Python; elements are the arguments.
    case call(String)
    /// What `torch.save` keeps outside the pickle; elements say where.
    case persistent
  }

  var kind: Kind
  var elements: [PickleValue] = []
}

/// What a pickle holds.
struct Pickle: Sendable {
  var root: PickleValue
  var objects: [PickleObject]

  /// The object, if the value is one.
  func object(_ value: PickleValue) -> PickleObject? {
    if case .object(let place) = value { objects[place] } else { nil }
  }

  /// The elements of a tuple, or of a list.
  func sequence(_ value: PickleValue) -> [PickleValue]? {
    guard let object = object(value), object.kind == .tuple || object.kind == .list else {
      return nil
    }
    return object.elements
  }
}
