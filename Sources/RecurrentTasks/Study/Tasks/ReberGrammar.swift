/// The grammar of Reber (1967), and the one that embeds it.
///
/// A string of the plain grammar begins with B and ends with E; between them it walks through six
/// states, each of which has two symbols to leave by, with a probability of ½ each. A string of the
/// embedded grammar is B, then T or P, then a string of the plain grammar, then the same T or P
/// again, then E: the last but one symbol depends on the second.
///
/// Source: Cleeremans, Servan-Schreiber & McClelland (1989); Hochreiter & Schmidhuber (1997).
enum ReberGrammar {
  /// The seven symbols, in the order in which they are numbered.
  static let symbols: [Character] = ["B", "T", "P", "S", "X", "V", "E"]

  /// For each state of the plain grammar after its B the ways out of it. Behind the last state there
  /// is only E.
  static let transitions: [[(symbol: Character, next: Int)]] = [
    [("T", 1), ("P", 2)],
    [("S", 1), ("X", 3)],
    [("T", 2), ("V", 4)],
    [("X", 2), ("S", 5)],
    [("P", 3), ("V", 5)],
    [("E", 6)],
  ]

  /// The state behind the E of a plain string.
  static let end = 6
}
