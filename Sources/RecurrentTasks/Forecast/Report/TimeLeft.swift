/// How long a job of several networks will go on, seen from how long it has taken.
package struct TimeLeft: Sendable {
  private let networks: Int
  private var begun = 0
  private var current: String?

  /// - Parameter networks: How many the job trains.
  package init(networks: Int) { self.networks = max(networks, 1) }

  /// Notes where the job is.
  ///
  /// - Parameter elapsed: Since it began.
  /// - Returns: Such as `about 3 min left`; nil where it is too early to tell.
  package mutating func note(
    _ network: String, step: Int, of steps: Int, after elapsed: Duration
  ) -> String? {
    if current != network {
      current = network
      begun += 1
    }
    let done = Double(begun - 1) + Double(step) / Double(max(steps, 1))
    let seconds = Double(elapsed.components.seconds)
    guard seconds >= 2, done > 0 else { return nil }
    let left = seconds / done * max(Double(max(networks, begun)) - done, 0)
    return "about \(Self.text(left)) left"
  }

  private static func text(_ seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(seconds.rounded(.up))) s"
    case ..<5400: "\(Int((seconds / 60).rounded())) min"
    default: "\(fixed(seconds / 3600, 1)) h"
    }
  }
}
