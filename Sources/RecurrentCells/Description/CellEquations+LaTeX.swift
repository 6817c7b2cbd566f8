extension CellEquations {
  /// The equations as an `align*` environment of LaTeX's amsmath.
  ///
  ///     \begin{align*}
  ///     c_t &= f_t \odot c_{t-1} + i_t \odot g_t \\
  ///     h_t &= o_t \odot \tanh(c_t) \\
  ///     \text{output} &= h_t
  ///     \end{align*}
  public var latex: String {
    let equations = lines.map { line in
      "\(line.symbol.latex) &= \(line.latex)\(line.shapeRemark)"
    }
    let all = equations + ["\\text{output} &= \(output.latex)"] + notes.map(\.latex)
    return "\\begin{align*}\n" + all.joined(separator: " \\\\\n") + "\n\\end{align*}\n"
  }
}

extension CellEquations.Line {
  /// What stands on the right, for LaTeX's mathematics.
  public var latex: String { expression.latex() }

  /// Where the value lives, unless that is as usual.
  fileprivate var shapeRemark: String {
    if shape == [.hidden] { return "" }
    return " \\quad \\in \\mathbb{R}" + (shape == [1] ? "" : "^{\(latexShape(shape))}")
  }
}

private func latexShape(_ shape: [Extent]) -> String {
  shape.map { latexExtent($0) }.joined(separator: " \\times ")
}

private func latexExtent(_ extent: Extent) -> String {
  let text = extent.description.replacing("·") { " \\cdot " }
  return ["input", "hidden"].reduce(text) { text, word in
    text.replacing(word) { "\\mathrm{\(word)}" }
  }
}

extension String {
  /// The text with every occurrence of a word replaced.
  fileprivate func replacing(_ word: String, by replacement: () -> String) -> String {
    var result = ""
    var rest = self[...]
    while let character = rest.first {
      if rest.hasPrefix(word) {
        result += replacement()
        rest = rest.dropFirst(word.count)
      } else {
        result.append(character)
        rest = rest.dropFirst()
      }
    }
    return result
  }
}

// MARK: - Names

extension Symbol {
  var latex: String {
    switch self {
    case .value(let name): latexName(name, time: "t")
    case .shared(let letter, let index): "\(letter)_{\(index),t}"
    case .previous(let name): latexName(name, time: "t-1")
    case .parameter(let name, let section):
      latexName(name, time: nil) + (section.map { "^{(\(latexWord($0)))}" } ?? "")
    case .due(let index): latexName("due" + (index.map { "_\($0)" } ?? ""), time: "t")
    }
  }
}

/// The words between underscores as a letter and its subscripts.
private func latexName(_ name: String, time: String?) -> String {
  let words = name.split(separator: "_").map { latexWord(String($0)) }
  guard let first = words.first else { return "\\text{\\_}" }
  let subscripts = words.dropFirst() + (time.map { [$0] } ?? [])
  if subscripts.isEmpty { return first }
  let list = subscripts.joined(separator: ",")
  return "\(first)_\(list.count == 1 ? list : "{\(list)}")"
}

/// A word as an upright name, a letter as it is.
private func latexWord(_ word: String) -> String {
  let greek: [Character: String] = ["γ": "\\gamma", "β": "\\beta"]
  if word.count == 1, let letter = word.first {
    if let name = greek[letter] { return name }
    if letter.isASCII, letter.isLetter || letter.isNumber { return word }
  }
  let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
  return isPlain ? "\\mathrm{\(word)}" : "\\text{\(latexText(word))}"
}

/// Text with what means something to LaTeX made letters.
private func latexText(_ text: String) -> String {
  text.map { character in
    switch character {
    case "\\": "\\textbackslash{}"
    case "~": "\\textasciitilde{}"
    case "^": "\\textasciicircum{}"
    case "#", "$", "%", "&", "_", "{", "}": "\\\(character)"
    default: String(character)
    }
  }.joined()
}

// MARK: - Expressions

extension Expression {
  func latex(_ least: Binding = .choice) -> String {
    binding < least ? parenthesized(bareLatex) : bareLatex
  }

  private var bareLatex: String {
    switch self {
    case .number(let value): latexNumber(value)
    case .size(let extent): latexExtent(extent)
    case .symbol(let symbol): symbol.latex
    case .sum(let terms): Self.latexSum(terms)
    case .product(let product, let a, let b): Self.latexProduct(product, a, b)
    case .quotient(let a, let b): "\\frac{\(a.latex())}{\(b.latex())}"
    case .call(let call, let arguments): call.latex(arguments.map { $0.latex() })
    case .part(let name, let whole): "\(whole.latex(.atom))^{(\(latexWord(name)))}"
    case .comparison(let a, let b): "\(a.latex(.sum)) > \(b.latex(.sum))"
    case .choice(let a, let condition, let b):
      "\\begin{cases} \(a.latex(.sum)) & \\text{where } \(condition.latex(.comparison)) \\\\ "
        + "\(b.latex(.sum)) & \\text{else} \\end{cases}"
    case .reshaped(let a, let shape):
      "\\operatorname{reshape}_{\(latexShape(shape))}" + parenthesized(a.latex())
    }
  }

  private static func latexSum(_ terms: [Term]) -> String {
    var text = ""
    for (index, term) in terms.enumerated() {
      if index > 0 { text += term.isNegative ? " - " : " + " }
      if index == 0, term.isNegative { text += "-" }
      text += term.expression.latex(term.isNegative ? .quotient : .sum)
    }
    return text
  }

  private static func latexProduct(
    _ product: Product, _ a: Expression, _ b: Expression
  ) -> String {
    switch product {
    case .elements: "\(a.latex(.quotient)) \\odot \(b.latex(.quotient))"
    case .scalar: "\(a.latex(.quotient)) \\cdot \(b.latex(.quotient))"
    case .matrix: "\(a.latex(.atom)) \\, \(b.latex(.atom))"
    case .outer: "\(a.latex(.atom)) \\, {\(b.latex(.atom))}^{\\top}"
    case .inner: "{\(a.latex(.atom))}^{\\top} \(b.latex(.atom))"
    }
  }
}

/// Parentheses as high as what is in them.
private func parenthesized(_ text: String) -> String {
  isHigh(text) ? "\\left(\(text)\\right)" : "(\(text))"
}

private func isHigh(_ text: String) -> Bool {
  ["\\frac", "\\begin"].contains { word in text.indices.contains { text[$0...].hasPrefix(word) } }
}

private func latexNumber(_ value: Double) -> String {
  guard value.isFinite else {
    return value.isNaN ? "\\mathrm{nan}" : value < 0 ? "-\\infty" : "\\infty"
  }
  let (digits, exponent) = decimalParts(value.magnitude)
  let sign = value < 0 ? "-" : ""
  guard let exponent else { return sign + digits }
  return sign + (digits == "1" ? "" : "\(digits) \\cdot ") + "10^{\(exponent)}"
}

extension Expression.Call {
  fileprivate func latex(_ arguments: [String]) -> String {
    let list = arguments.joined(separator: ", ")
    switch self {
    case .function(.abs): return "\\left|\(list)\\right|"
    case .function(.floor): return "\\left\\lfloor \(list) \\right\\rfloor"
    case .function(.sqrt): return "\\sqrt{\(list)}"
    case .sum(let axis):
      return "\\textstyle\\sum" + (axis.map { "_{\\text{axis }\($0)}" } ?? "") + parenthesized(list)
    default: return name + parenthesized(list)
    }
  }

  private var name: String {
    switch self {
    case .function(.sigmoid): "\\sigma"
    case .function(.logSigmoid): "\\log \\sigma"
    case .function(let function) where [.tanh, .exp, .log].contains(function):
      "\\\(function.rawValue)"
    case .function(let function): "\\operatorname{\(function.rawValue)}"
    case .max: "\\max"
    case .min: "\\min"
    case .clip: "\\operatorname{clip}"
    case .mean: "\\operatorname{mean}"
    case .sum: "\\sum"
    case .normalized(let index): normalizationName(index)
    }
  }
}

private func normalizationName(_ index: Int) -> String {
  "\\operatorname{LN\(String(repeating: "'", count: index))}"
}

// MARK: - Notes

extension CellEquations.Note {
  var latex: String {
    switch self {
    case .normalized(let index, let epsilon):
      "\(normalizationName(index))(a) &= \\frac{a - \\operatorname{mean}(a)}"
        + "{\\sqrt{\\operatorname{variance}(a) + \(latexNumber(epsilon))}}"
    case .due(let symbol, let schedule, let clock):
      "\(symbol.latex) &: \\text{in each of \(schedule.periods.count) equal parts, where } "
        + clock.latex + (schedule.start == 0 ? "" : " + \(schedule.start)")
        + " \\text{ is a multiple of its period, } "
        + schedule.periods.map(String.init).joined(separator: ", ")
    case .mask(let symbol, let mask):
      "\(symbol.latex) &\\sim \\operatorname{Bernoulli}(\(latexNumber(mask.keep)))"
        + " \\text{, drawn \(mask.perSequence ? "once for a sequence" : "at every step")}"
    case .stateBelow(let symbol, let state):
      "\(symbol.latex) &: \(Symbol.value(state).latex) \\text{ of the layer below}"
    case .furtherInput(let symbol): "\(symbol.latex) &: \\text{a further input}"
    case .blocks(let shape):
      "&\\text{a value in } \\mathbb{R}^{\(latexShape(shape))} \\text{ has } \(shape[0])"
        + " \\text{ blocks, and products are within them}"
    }
  }
}
