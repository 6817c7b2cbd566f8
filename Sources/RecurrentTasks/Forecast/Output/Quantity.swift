/// A number of things, as `1 step` and `2 steps`.
package func quantity(_ count: Int, _ name: String) -> String {
  "\(count) \(name)" + (count == 1 ? "" : "s")
}
