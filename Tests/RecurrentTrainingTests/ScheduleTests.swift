import RecurrentCore
import RecurrentFormats
import RecurrentTraining
import TestSupport
import Testing

private let golden = GoldenFile("schedules")

@Suite struct ScheduleTests {
  @Test(arguments: golden.cases)
  func ratesAreThoseOfPyTorch(_ golden: GoldenCase) {
    let expected = golden.tensor("rates").elements.map { Double($0) }
    let rate = golden["rate"].number!
    func option(_ name: String) -> Double { golden["options"][name]!.number! }
    let found: [Double]
    switch golden["kind"].string! {
    case "step":
      let schedule = Schedule.step(every: Int(option("step_size")), factor: option("gamma"))
      found = expected.indices.map { rate * schedule($0) }
    case "cosine":
      let schedule = Schedule.cosine(
        steps: Int(option("T_max")), minimum: option("eta_min") / rate)
      found = expected.indices.map { rate * schedule($0) }
    case "one_cycle":
      let schedule = Schedule.oneCycle(
        steps: Int(option("total_steps")), rise: option("pct_start"),
        initialDivisor: option("div_factor"), finalDivisor: option("final_div_factor"))
      found = expected.indices.map { option("max_lr") * schedule($0) }
    default:
      var plateau = Plateau(
        decay: option("factor"), patience: Int(option("patience")),
        threshold: option("threshold"), cooldown: Int(option("cooldown")),
        minimum: option("min_lr") / rate)
      let noise = wave([40], scale: 0.3, phase: 0).elements
      found = noise.enumerated().map { step, value in
        plateau.observe(Double(value) + 4 / Double(step + 1))
        return rate * plateau.factor
      }
      #expect(Set(found).count > 3)
    }
    for (found, expected) in zip(found, expected) {
      #expect(abs(found - expected) < 1e-6 * rate)
    }
  }

  @Test func aCosineWarmsUpAndStaysAtItsMinimum() {
    let schedule = Schedule.cosine(steps: 20, warmUp: 4, minimum: 0.1)
    #expect((0..<4).map { schedule($0) } == [0.25, 0.5, 0.75, 1])
    #expect(schedule(4) == 1)
    #expect(abs(schedule(12) - 0.55) < 1e-12)
    #expect(schedule(20) == 0.1 && schedule(1000) == 0.1)
    #expect((5..<20).allSatisfy { schedule($0) < schedule($0 - 1) })
  }

  @Test func aConstantIsOne() {
    #expect(Schedule.constant(0) == 1 && Schedule.constant(99) == 1)
  }
}
