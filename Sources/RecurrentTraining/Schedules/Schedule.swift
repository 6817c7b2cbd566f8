#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A factor of the learning rate for each step: a pure function, so a resumed run needs nothing but
/// the step.
public struct Schedule: Sendable {
  private let factor: @Sendable (Int) -> Double

  /// - Parameter factor: Takes the number of steps done before, 0 for the first step.
  public init(_ factor: @escaping @Sendable (Int) -> Double) { self.factor = factor }

  /// The factor for the step after `step` others.
  public func callAsFunction(_ step: Int) -> Double { factor(step) }
}

extension Schedule {
  /// 1, always.
  public static let constant = Schedule { _ in 1 }

  /// factor^⌊step / interval⌋.
  ///
  /// Source: PyTorch's `StepLR`.
  public static func step(every interval: Int, factor: Double) -> Schedule {
    precondition(interval >= 1, "A step schedule needs an interval of at least 1 step")
    return Schedule { step in pow(factor, Double(step / interval)) }
  }

  /// Rises in a line from 1 / warmUp to 1, then falls as half a cosine to `minimum`, and stays there:
  /// minimum + (1 − minimum) (1 + cos(π (step − warmUp) / (steps − warmUp))) / 2.
  ///
  /// Source: Loshchilov & Hutter (2017); without warm-up, PyTorch's `CosineAnnealingLR`.
  /// - Parameters:
  ///   - steps: Steps of the whole run.
  ///   - warmUp: Steps of the rise.
  ///   - minimum: The factor at the end.
  public static func cosine(steps: Int, warmUp: Int = 0, minimum: Double = 0) -> Schedule {
    precondition(
      0 <= warmUp && warmUp < steps,
      "A cosine over \(steps) steps has no room for a warm-up of \(warmUp)")
    return Schedule { step in
      if step < warmUp { return Double(step + 1) / Double(warmUp) }
      let position = Double(min(step, steps) - warmUp) / Double(steps - warmUp)
      return between(1, minimum, position)
    }
  }

  /// Rises as half a cosine from 1 / initialDivisor to 1, then falls as half a cosine to
  /// 1 / (initialDivisor finalDivisor): the optimizer's learning rate is the highest.
  ///
  /// Source: PyTorch's `OneCycleLR`; Smith & Topin (2019).
  /// - Parameters:
  ///   - steps: Steps of the whole run, at least 2.
  ///   - rise: The part of them in which it rises.
  public static func oneCycle(
    steps: Int, rise: Double = 0.3, initialDivisor: Double = 25, finalDivisor: Double = 1e4
  ) -> Schedule {
    precondition(steps >= 2, "One cycle needs at least 2 steps, found \(steps)")
    precondition(0 < rise && rise < 1, "The rise is a part of the steps, found \(rise)")
    let top = rise * Double(steps) - 1
    let last = Double(steps - 1)
    return Schedule { step in
      let position = min(Double(step), last)
      let start = 1 / initialDivisor
      if position <= top { return between(start, 1, position / top) }
      return between(1, start / finalDivisor, (position - top) / (last - top))
    }
  }

  /// Half a cosine from `start` to `end`, at a position between 0 and 1.
  private static func between(_ start: Double, _ end: Double, _ position: Double) -> Double {
    end + (start - end) * (1 + cos(.pi * position)) / 2
  }
}
