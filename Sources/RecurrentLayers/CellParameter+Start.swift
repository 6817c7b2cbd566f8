import RecurrentCells
import RecurrentCore

extension CellParameter.Start {
  /// Puts the starting values of one section into a parameter's elements, which are uniform within
  /// ±1/√hidden before.
  ///
  /// - Parameters:
  ///   - rows: The section's elements.
  ///   - key: Of this section alone.
  func fill(_ elements: inout MutableSpan<Float>, _ range: Range<Int>, _ key: RandomKey) {
    switch self {
    case .uniform: break
    case .constant(let value):
      for index in range { elements[index] = Float(value) }
    case .normal(let deviation):
      for (place, index) in range.enumerated() {
        elements[index] = Float(deviation) * key.normal(at: place)
      }
    case .ramp(let ramp):
      for (place, index) in range.enumerated() {
        elements[index] = Float(ramp.value(at: place, of: range.count))
      }
    }
  }
}
