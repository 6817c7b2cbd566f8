/// The word of a list that was probably meant, if one is near.
package func nearest(to word: String, in list: [String]) -> String? {
  let near = list.map { (word: $0, distance: distance($0, word)) }
    .min { ($0.distance, $0.word) < ($1.distance, $1.word) }
  return near.flatMap { $0.distance <= max(2, word.count / 3) ? $0.word : nil }
}

/// How many letters have to be put in, taken out or changed to make one word of the other
/// (Levenshtein 1966).
private func distance(_ a: String, _ b: String) -> Int {
  let (a, b) = (Array(a), Array(b))
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let change = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(change, row[j + 1] + 1, row[j] + 1)
    }
  }
  return row[b.count]
}
