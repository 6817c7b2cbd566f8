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
  @Test func guerrerosChoice() {
    for golden in StatisticsGolden.cases("lambdas") {
      let lambda = guerreroLambda(golden["values"]!.numbers, season: golden["season"]!.integer!)
      #expect(abs(lambda - golden.number("lambda")) < 1e-6)
      #expect(lambda >= -1 && lambda <= 2)
    }
    #expect(guerreroLambda([1, 5, 2], season: 4) == 1)
    #expect(guerreroLambda([2, 2, 2, 2, 2, 2, 2], season: 2) == 1)
    #expect(guerreroLambda([1, 2, .nan, 4, 9, 8, .nan, .nan, 16, 18, 40], season: 1) != 1)
  }

  @Test func whatIsNotPositiveHasNoImage() {
    for bad in [0.0, -3] {
      #expect(ValueTransform.log(bad).isNaN)
      #expect(ValueTransform.boxCox(lambda: 0.5)(bad).isNaN)
      #expect(ValueTransform.none(bad) == bad)
    }
  }

  /// A forecast may be where no image is.
  @Test func beyondTheImages() {
    #expect(ValueTransform.boxCox(lambda: 0.5).inverse(-2.5) == 0)
    #expect(ValueTransform.boxCox(lambda: -0.5).inverse(2) == .greatestFiniteMagnitude)
    #expect(ValueTransform.log.inverse(1e4) == .greatestFiniteMagnitude)
    #expect(ValueTransform.boxCox(lambda: 0.5).inverse(.nan).isNaN)
  }
}
