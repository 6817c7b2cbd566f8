import RecurrentCells
import Testing

/// The equations that are printed are those of the graph that runs.
@Suite struct CellEquationsTests {
  private func text(_ name: String) throws -> String { CellEquations(try .named(name)).text }

  @Test func lstm() throws {
    #expect(
      try text("lstm") == """
        i = σ(W_ih[i] x + b_ih[i] + W_hh[i] h₋₁ + b_hh[i])
        f = σ(W_ih[f] x + b_ih[f] + W_hh[f] h₋₁ + b_hh[f])
        g = tanh(W_ih[g] x + b_ih[g] + W_hh[g] h₋₁ + b_hh[g])
        c = f ⊙ c₋₁ + i ⊙ g
        o = σ(W_ih[o] x + b_ih[o] + W_hh[o] h₋₁ + b_hh[o])
        h = o ⊙ tanh(c)
        output: h

        """)
  }

  @Test func gru() throws {
    #expect(
      try text("gru") == """
        r = σ(W_ih[r] x + b_ih[r] + W_hh[r] h₋₁ + b_hh[r])
        z = σ(W_ih[z] x + b_ih[z] + W_hh[z] h₋₁ + b_hh[z])
        n = tanh(W_ih[n] x + b_ih[n] + r ⊙ (W_hh[n] h₋₁ + b_hh[n]))
        h = n + z ⊙ (h₋₁ − n)
        output: h

        """)
  }

  @Test func matrixMemory() throws {
    let text = try text("mlstm")
    #expect(text.contains("C  = f ⊙ C₋₁ + s₃ vᵀ"))
    #expect(text.contains("[4, hidden/4, hidden/4]"))
    #expect(text.contains("qᵀ C / max(|nᵀ q|, exp(−m))"))
    #expect(text.contains("k  = (W_ih[k] x + b_ih[k]) / √(hidden/4)"))
  }

  /// What is built of several operations is called by its name.
  private static let patterns: [(cell: String, equation: String)] = [
    ("lstm:peepholes=i+o", "σ(W_ih[o] x + b_ih[o] + W_hh[o] h₋₁ + b_hh[o] + p_o ⊙ c)"),
    ("lstm:peepholes=i,full-peepholes=yes", "b_hh[i] + W_peephole_i c₋₁)"),
    ("lstm:projection=3", "h = W_hr (o ⊙ tanh(c))    [3]"),
    ("lstm:cell-clip=2", "c = clip(f ⊙ c₋₁ + i ⊙ g, −2, 2)"),
    ("lstm:activation=softplus", "g = softplus(W_ih[g] x"),
    ("lstm:activation=softsign", "g  = s₁ / (|s₁| + 1)"),
    ("lstm:output-activation=leaky-relu", "h = o ⊙ (relu(c) + 0.01 · min(c, 0))"),
    ("lstm-layernorm", "LN(W_ih x)[i] ⊙ γ_ih_i + LN(W_hh h₋₁)[i] ⊙ γ_hh_i + b_ih[i]"),
    ("lstm-layernorm", "h = o ⊙ tanh(LN(c) ⊙ γ_c + β_c)"),
    ("lstm:layer-norm=tf-addons", "LN(a) = (a − mean(a)) / √(variance(a) + 0.001)"),
    ("lstm-depth-gated", "d = σ(W_d x + b_d + p_d ⊙ c₋₁ + p_d_below ⊙ c_below)"),
    ("lstm-depth-gated", "c_below: c of the layer below"),
    ("lstm-full-gate-recurrence", "W_hh_f[i] f₋₁"),
    ("gru-reset-before", "W_n_hh (r ⊙ h₋₁)"),
    ("clockwork:modules=3", "b_hh) where due, else h₋₁"),
    ("clockwork:modules=3,start=2", "clock₋₁ + 2 is a multiple of its period, 1, 2, 4"),
    ("min-lstm", "f = σ(log σ(W_ih[f] x + b_ih[f]) − log σ(W_ih[i] x + b_ih[i]))"),
    ("min-gru:positive=yes", "n  = σ(s₁) where 0 > s₁, else s₁ + 0.5"),
    ("slstm", "m  = max(s₁, s₂) where n₋₁ > 0, else s₂"),
    ("janet", "(1 − σ(s₁ − 1)) ⊙ g"),
  ]

  @Test(arguments: patterns) func readsWell(_ cell: String, _ equation: String) throws {
    let text = try text(cell)
    #expect(text.contains(equation), "\(text)")
  }

  @Test func theLowestLayerHasItsOwn() throws {
    let cell = try Cell.named("lstm-depth-gated:depth-gate=all")
    #expect(CellEquations(try cell.lowest).text.contains("d ⊙ W_below x"))
    #expect(CellEquations(cell).text.contains("d ⊙ c_below"))
  }

  @Test func namesDoNotMeet() throws {
    let cell = try Cell("names") { step in
      let x = step.state("x")
      let shared = step.affine(of: step.input, named: "ih") + step.parameter("W_ih") * x
      step.next(x, tanh(shared) + shared)
      step.output(shared.named("s"))
    }
    let equations = CellEquations(cell)
    #expect(equations.lines.map(\.name) == ["s", "x"])
    #expect(equations.lines[0].text == "weight_ih input + b_ih + W_ih ⊙ x₋₁")
    #expect(equations.outputName == "s")
  }

  // MARK: Every cell

  @Test(arguments: CellCase.all) func mentionsEverything(_ trial: CellCase) {
    let cell = trial.cell
    let equations = CellEquations(cell)
    let text = equations.text
    for symbol in equations.parameterSymbols {
      #expect(text.contains(symbol), "\(symbol): \(text)")
    }
    for state in cell.states { #expect(text.contains("\(state.name)₋₁"), "\(state.name): \(text)") }
    let names = equations.lines.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(names).isSuperset(of: cell.recordableNames))
    #expect(names.contains(equations.outputName))
    #expect(!text.contains("nan"))
  }

  @Test(arguments: CellCase.all) func isLaTeX(_ trial: CellCase) {
    let latex = CellEquations(trial.cell).latex
    #expect(latex.hasPrefix("\\begin{align*}\n"))
    #expect(latex.hasSuffix("\n\\end{align*}\n"))
    #expect(isBalanced(latex), "\(latex)")
    func count(_ word: String) -> Int {
      latex.split(separator: word, omittingEmptySubsequences: false).count
    }
    #expect(count("\\left") - count("\\leftarrow") == count("\\right") - count("\\rightarrow"))
    #expect(count("\\begin{") == count("\\end{"))
    #expect(latex.allSatisfy { $0.isASCII })
    let lines = latex.split(separator: "\n").dropFirst().dropLast()
    for line in lines { #expect(line.contains("&"), "\(line)") }
    for line in lines.dropLast() { #expect(line.hasSuffix(" \\\\"), "\(line)") }
  }

  @Test func namesAreEscaped() throws {
    let cell = try Cell("odd names") { step in
      let h = step.state("50%_{a}")
      step.next(h, h * 0.5)
      step.output(h)
    }
    let latex = CellEquations(cell).latex
    #expect(latex.contains("\\text{50\\%}_{\\text{\\{a\\}},t} &= "))
    #expect(isBalanced(latex))
  }

  /// Whether braces come in pairs, escaped ones aside.
  private func isBalanced(_ latex: String) -> Bool {
    var depth = 0
    var isEscaped = false
    for character in latex {
      if !isEscaped, character == "{" { depth += 1 }
      if !isEscaped, character == "}" { depth -= 1 }
      isEscaped = !isEscaped && character == "\\"
      if depth < 0 { return false }
    }
    return depth == 0
  }

  // MARK: Numbers of parameters

  @Test func countsAsPyTorch() throws {
    let (input, hidden) = (7, 11)
    let sizes = CellSizes(input: input, hidden: hidden)
    let counts = try Cell.lstm().parameters.map { try $0.freeCount(sizes) }
    #expect(counts.reduce(0, +) == 4 * (hidden * input + hidden * hidden + 2 * hidden))
  }

  @Test func countsWhatIsFree() throws {
    let sizes = CellSizes(input: 3, hidden: 8)
    let matrix = try Cell.clockwork(periods: [1, 2, 4, 8]).parameters[1]
    #expect(try matrix.freeCount(sizes) == 2 * 2 * (4 + 3 + 2 + 1))
    let diagonal = try #require(Cell.slstm(heads: 2).parameters.first { $0.name == "weight_hh" })
    #expect(try diagonal.freeCount(sizes) == 4 * 2 * 4 * 4)
  }
}
