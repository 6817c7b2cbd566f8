/// Places for a message: all are counted, the first five are named.
struct PlaceList: Sendable {
  private(set) var count = 0
  private var first: [String] = []

  mutating func add(_ place: () -> String) {
    count += 1
    if first.count < 5 { first.append(place()) }
  }

  /// For example `line 3 (2), line 4 (3) and 2 more`.
  var text: String {
    first.joined(separator: ", ") + (count > 5 ? " and \(count - 5) more" : "")
  }
}
