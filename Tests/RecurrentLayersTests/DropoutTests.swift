import RecurrentCore
import RecurrentLayers
import TestSupport
import Testing

@Suite struct DropoutTests {
  private let x = Tensor(repeating: 3, shape: [50, 40])

  @Test func withoutAKeyItDoesNothing() {
    #expect(difference(Dropout(0.5)(x, key: nil), x) == nil)
    #expect(difference(Dropout(0)(x, key: RandomKey(seed: 1)), x) == nil)
  }

  @Test func withAKeyItKeepsTheMean() {
    let found = Dropout(0.25)(x, key: RandomKey(seed: 1)).elements
    let zeros = found.count { $0 == 0 }
    #expect(abs(zeros - 500) < 80)
    #expect(found.allSatisfy { $0 == 0 || $0 == 4 })
    #expect(Dropout(0.25)(x, key: RandomKey(seed: 1)).elements == found)
    #expect(Dropout(0.25)(x, key: RandomKey(seed: 2)).elements != found)
    #expect(Dropout(1)(x, key: RandomKey(seed: 1)).elements.allSatisfy { $0 == 0 })
  }

  @Test func theGradientGoesWhereTheNumbersWent() {
    let key = RandomKey(seed: 9)
    let (_, gradient) = valueAndGradient(of: x) { Dropout(0.25)($0, key: key).sum() }
    #expect(gradient.elements == Dropout(0.25)(x, key: key).elements.map { $0 / 3 })
  }
}
