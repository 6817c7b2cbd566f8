import RecurrentFormats
import RecurrentTasks
import Testing

@Suite struct ValueTransformTests {
  @Test func besideScipy() {
    for golden in StatisticsGolden.cases("transforms") {
      let transform = ValueTransform.boxCox(lambda: golden.number("lambda"))
      let values = golden["values"]!.numbers
      let images = values.map { transform($0) }
      for (image, expected) in zip(images, golden["images"]!.numbers) {
        #expect(abs(image - expected) <= 1e-12 * abs(expected) + 1e-15)
      }
      for (image, value) in zip(images, values) {
        // 400,000 to the power of −1 is next to nothing beside 1: the image has few digits of it.
        #expect(abs(transform.inverse(image) / value - 1) < 1e-9)
      }
    }
  }

  /// By scipy, and R's documentation for the first.
  @Test func guerrerosChoice() throws {
    for golden in StatisticsGolden.cases("lambdas") {
      let transform = try ValueTransform(
        .boxCox, fitting: golden["values"]!.numbers, season: golden["season"]!.integer!)
      guard case .boxCox(let lambda) = transform else {
        Issue.record("no Box-Cox transform")
        continue
      }
      #expect(abs(lambda - golden.number("lambda")) < 1e-6)
      #expect(lambda >= -1 && lambda <= 2)
    }
    #expect(try ValueTransform(.boxCox, fitting: [1, 5, 2], season: 4) == .boxCox(lambda: 1))
    #expect(
      try ValueTransform(.boxCox, fitting: [2, 2, 2, 2, 2, 2, 2], season: 2)
        == .boxCox(lambda: 1))
    let gaps = [1, 2, .nan, 4, 9, 8, .nan, .nan, 16, 18, 40]
    #expect(try ValueTransform(.boxCox, fitting: gaps, season: 1) != .boxCox(lambda: 1))
  }

  @Test func whatIsNotPositiveIsRefused() throws {
    for kind in [ValueTransform.Kind.log, .boxCox] {
      for bad in [0.0, -3] {
        #expect {
          try ValueTransform(kind, fitting: [.nan, 4, 5, bad, -1], season: 1)
        } throws: { error in
          let refusal = error as? ValueTransform.Refusal
          return refusal?.place == 3 && refusal?.value == bad
            && "\(error)" == "\(kind.rawValue) needs values above 0, found \(bad)"
        }
      }
    }
    #expect(try ValueTransform(.none, fitting: [0, -1], season: 1) == .none)
    #expect(ValueTransform.log(-1).isNaN)
    #expect(ValueTransform.none(-1) == -1)
  }

  /// A forecast may be where no image is.
  @Test func beyondTheImages() {
    #expect(ValueTransform.boxCox(lambda: 0.5).inverse(-2.5) == 0)
    #expect(ValueTransform.boxCox(lambda: -0.5).inverse(2) == .greatestFiniteMagnitude)
    #expect(ValueTransform.log.inverse(1e4) == .greatestFiniteMagnitude)
    #expect(ValueTransform.boxCox(lambda: 0.5).inverse(.nan).isNaN)
  }

  @Test func json() {
    for transform in [ValueTransform.none, .log, .boxCox(lambda: -0.375)] {
      #expect(ValueTransform(json: transform.json) == transform)
    }
    #expect(ValueTransform.boxCox(lambda: 0.5).json.text() == #"{"kind":"box-cox","lambda":0.5}"#)
    for bad: JSONValue in [.null, ["kind": "cube"], ["kind": "box-cox"], ["lambda": 1]] {
      #expect(ValueTransform(json: bad) == nil)
    }
  }
}
