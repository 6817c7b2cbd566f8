extension CellEquations {
  /// The equations as plain text, a line each, then what is given out and what needs a word.
  ///
  ///     c = f ⊙ c₋₁ + i ⊙ g
  ///     h = o ⊙ tanh(c)
  ///     output: h
  ///
  /// The shape of a value stands behind its equation where it is not the hidden size.
  public var text: String {
    let width = lines.map(\.name.count).max() ?? 0
    let shaped = lines.filter { $0.shape != [.hidden] }
    let column = shaped.map(\.text.count).max() ?? 0
    let equations = lines.map { line in
      let equation = "\(padded(line.name, width)) = "
      guard line.shape != [.hidden] else { return equation + line.text + "\n" }
      return equation + padded(line.text, column + 4) + shapeText(line.shape) + "\n"
    }
    let remarks = notes.map { "\($0.text)\n" }
    return equations.joined() + "output: \(output.text)\n" + remarks.joined()
  }
}

/// The text with blanks behind it, up to a width.
private func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - text.count))
}

extension CellEquations.Line {
  /// What stands on the left.
  public var name: String { symbol.text }
  /// What stands on the right.
  public var text: String { expression.text() }
}

extension Symbol {
  var text: String {
    switch self {
    case .value(let name): name
    case .shared(let letter, let index): letter + subscriptText(index)
    case .previous(let name): name + "₋₁"
    case .parameter(let name, let section): name + (section.map { "[\($0)]" } ?? "")
    case .due(let index): "due" + (index.map(subscriptText) ?? "")
    }
  }
}

private func subscriptText(_ index: Int) -> String {
  let digits = Array("₀₁₂₃₄₅₆₇₈₉")
  return String("\(index)".map { digits[$0.wholeNumberValue!] })
}

// MARK: - Expressions

extension Expression {
  /// How tightly the parts of an expression hold together; what is looser than its place allows
  /// gets parentheses.
  enum Binding: Int, Comparable {
    case choice, comparison, sum, quotient, product, matrixProduct, atom

    static func < (a: Binding, b: Binding) -> Bool { a.rawValue < b.rawValue }
  }

  var binding: Binding {
    switch self {
    case .number(let value): value < 0 ? .sum : .atom
    case .size(let extent): extent.description.contains("/") ? .quotient : .atom
    case .symbol, .call, .part, .reshaped: .atom
    case .sum: .sum
    case .quotient: .quotient
    case .product(.elements, _, _), .product(.scalar, _, _): .product
    case .product: .matrixProduct
    case .comparison: .comparison
    case .choice: .choice
    }
  }

  func text(_ least: Binding = .choice) -> String {
    binding < least ? "(\(bareText))" : bareText
  }

  private var bareText: String {
    switch self {
    case .number(let value): numberText(value)
    case .size(let extent): extent.description
    case .symbol(let symbol): symbol.text
    case .sum(let terms): Self.sumText(terms)
    case .product(let product, let a, let b): Self.productText(product, a, b)
    case .quotient(let a, let b): "\(a.text(.matrixProduct)) / \(b.text(.matrixProduct))"
    case .call(let call, let arguments): call.text(arguments.map { $0.text() })
    case .part(let name, let whole): "\(whole.text(.atom))[\(name)]"
    case .comparison(let a, let b): "\(a.text(.sum)) > \(b.text(.sum))"
    case .choice(let a, let condition, let b):
      "\(a.text(.sum)) where \(condition.text(.comparison)), else \(b.text(.sum))"
    case .reshaped(let a, let shape): "reshape(\(a.text()), \(shapeText(shape)))"
    }
  }

  private static func sumText(_ terms: [Term]) -> String {
    var text = ""
    for (index, term) in terms.enumerated() {
      if index > 0 { text += term.isNegative ? " − " : " + " }
      if index == 0, term.isNegative { text += "−" }
      text += term.expression.text(term.isNegative ? .quotient : .sum)
    }
    return text
  }

  private static func productText(_ product: Product, _ a: Expression, _ b: Expression) -> String {
    switch product {
    case .elements: "\(a.text(.product)) ⊙ \(b.text(.product))"
    case .scalar: "\(a.text(.product)) · \(b.text(.product))"
    case .matrix: "\(a.text(.atom)) \(b.text(.atom))"
    case .outer: "\(a.text(.atom)) \(b.text(.atom))ᵀ"
    case .inner: "\(a.text(.atom))ᵀ \(b.text(.atom))"
    }
  }
}

extension Expression.Call {
  fileprivate func text(_ arguments: [String]) -> String {
    let list = arguments.joined(separator: ", ")
    return switch self {
    case .function(.abs): "|\(list)|"
    case .function(.floor): "⌊\(list)⌋"
    case .function(.sqrt): "√(\(list))"
    case .function(.sigmoid): "σ(\(list))"
    case .function(.logSigmoid): "log σ(\(list))"
    case .function(let function): "\(function.rawValue)(\(list))"
    case .max: "max(\(list))"
    case .min: "min(\(list))"
    case .clip: "clip(\(list))"
    case .mean: "mean(\(list))"
    case .sum(let axis): "sum(\(list)\(axis.map { ", axis \($0)" } ?? ""))"
    case .normalized(let index): "LN\(String(repeating: "′", count: index))(\(list))"
    }
  }
}

// MARK: - Notes

extension CellEquations.Note {
  /// A sentence without its full stop.
  var text: String {
    switch self {
    case .normalized(let index, let epsilon):
      "LN\(String(repeating: "′", count: index))(a) = (a − mean(a)) / "
        + "√(variance(a) + \(numberText(epsilon)))"
    case .due(let symbol, let schedule, let clock):
      "\(symbol.text): in each of \(schedule.periods.count) equal parts, where \(clock.text)"
        + "\(schedule.start == 0 ? "" : " + \(schedule.start)") is a multiple of its period, "
        + schedule.periods.map(String.init).joined(separator: ", ")
    case .mask(let symbol, let mask):
      "\(symbol.text): each element 1 with probability \(numberText(mask.keep)), else 0, drawn "
        + (mask.perSequence ? "once for a sequence" : "anew at every step")
    case .stateBelow(let symbol, let state):
      "\(symbol.text): \(state) of the layer below, after this step"
    case .furtherInput(let symbol): "\(symbol.text): a further input"
    case .blocks(let shape):
      "a value of \(shapeText(shape)) has \(shape[0]) blocks, and products are within them"
    }
  }
}
