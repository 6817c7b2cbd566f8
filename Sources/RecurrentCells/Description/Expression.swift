/// The right-hand side of an equation, as a person would write it.
package indirect enum Expression: Hashable, Sendable {
  case number(Double)
  /// A number of elements.
  case size(Extent)
  case symbol(Symbol)
  case sum([Term])
  case product(Product, Expression, Expression)
  case quotient(Expression, Expression)
  case call(Call, [Expression])
  /// One of the parts of a whole, by its name.
  case part(String, of: Expression)
  case comparison(Expression, Expression)
  /// The first where the condition holds, else the second.
  case choice(Expression, condition: Expression, otherwise: Expression)
  case reshaped(Expression, [Extent])

  package struct Term: Hashable, Sendable {
    package var isNegative = false
    package let expression: Expression
  }

  package enum Product: Hashable, Sendable {
    /// ⊙
    case elements
    /// One of the factors is a single number.
    case scalar
    /// A matrix and a vector.
    case matrix
    /// The right one is a row.
    case outer
    /// The left one is a row.
    case inner
  }

  package enum Call: Hashable, Sendable {
    case function(Meaning.Function)
    case max, min, clip, mean
    case sum(axis: Int?)
    /// Layer normalisation; which of the cell's, by their ε.
    case normalized(Int)
  }

  package static func negative(_ expression: Expression) -> Expression {
    .sum([Term(isNegative: true, expression: expression)])
  }
}

/// Something that stands in equations under a name.
package enum Symbol: Hashable, Sendable {
  /// A value of this step: a state after it, a named value, an input, a mask.
  case value(String)
  /// A value that the equations do not name, and use more than once.
  case shared(String, Int)
  /// A state before this step.
  case previous(String)
  /// What is learnt, or one of its stacked sections.
  case parameter(String, section: String?)
  /// Where a part is due, of so many schedules.
  case due(Int?)
}
