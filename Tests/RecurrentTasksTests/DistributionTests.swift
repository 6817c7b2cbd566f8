import RecurrentTasks
import TestSupport
import Testing

private let golden = GoldenFile("distributions", of: "scipy")

private func columns(_ name: String) -> (String) -> [Double] {
  let found = golden.cases.first { $0.name == name }!
  return { found.array($0).values }
}

@Suite struct DistributionTests {
  @Test func quantilesOfStudentsTAreThoseOfSciPy() {
    let table = columns("student_t_quantiles")
    let (freedoms, levels, quantiles) = (
      table("degrees_of_freedom"), table("level"), table("quantile")
    )
    for place in freedoms.indices {
      let distribution = StudentTDistribution(degreesOfFreedom: freedoms[place])
      let found = distribution.quantile(levels[place])
      #expect(
        abs(found - quantiles[place]) <= 1e-8 * abs(quantiles[place]),
        "\(freedoms[place]) \(levels[place]): \(quantiles[place])")
    }
  }

  @Test func studentsTIsThatOfSciPy() {
    let table = columns("student_t")
    let (freedoms, xs) = (table("degrees_of_freedom"), table("x"))
    let cumulative = table("cumulative")
    for place in freedoms.indices {
      let distribution = StudentTDistribution(degreesOfFreedom: freedoms[place])
      expectClose(distribution.cumulative(xs[place]), cumulative[place], 1e-10)
    }
  }

  @Test func fewDegreesOfFreedomHaveNumbersBeyondAll() {
    let distribution = StudentTDistribution(degreesOfFreedom: 0.005)
    #expect(distribution.quantile(0.999) == .infinity)
    #expect(distribution.quantile(0.001) == -.infinity)
    #expect(distribution.quantile(0.5) == 0)
  }

  @Test func theNormalDistributionIsThatOfSciPy() {
    let table = columns("normal")
    for (place, x) in table("x").enumerated() {
      expectClose(NormalDistribution.cumulative(x), table("cumulative")[place], 1e-13)
    }
    let quantiles = columns("normal_quantiles")
    for (level, quantile) in zip(quantiles("level"), quantiles("quantile")) {
      #expect(abs(NormalDistribution.quantile(level) - quantile) <= 4e-16 * max(1, abs(quantile)))
    }
  }

  @Test func theNegativeBinomialIsThatOfSciPy() {
    let table = columns("negative_binomial")
    let (means, dispersions) = (table("mean"), table("dispersion"))
    let (levels, quantiles) = (table("level"), table("quantile"))
    let (counts, cumulative) = (table("count"), table("cumulative"))
    for place in means.indices {
      let distribution = NegativeBinomialDistribution(
        mean: means[place], dispersion: dispersions[place])
      #expect(
        distribution.quantile(levels[place]) == Int(quantiles[place]),
        "\(means[place]) \(dispersions[place]) \(levels[place])")
      expectClose(distribution.cumulative(Int(counts[place])), cumulative[place], 1e-8)
    }
  }

  /// By hand: with α = 1 and μ = 1 the probability of k is 2⁻ᵏ⁻¹, so that levels are met exactly.
  @Test func aLevelThatIsMetIsMet() {
    let geometric = NegativeBinomialDistribution(mean: 1, dispersion: 1)
    #expect([0.5, 0.75, 0.875, 0.9375].map(geometric.quantile) == [0, 1, 2, 3])
    #expect([0.51, 0.76].map(geometric.quantile) == [1, 2])
    #expect(NegativeBinomialDistribution(mean: 0, dispersion: 1).quantile(0.99) == 0)
    // Poisson with mean 2: 13.5 %, 40.6 %, 67.7 %, 85.7 %, 94.7 %.
    let poisson = NegativeBinomialDistribution(mean: 2, dispersion: 0)
    #expect([0.13, 0.14, 0.41, 0.68, 0.94].map(poisson.quantile) == [0, 1, 2, 3, 4])
  }

  private func expectClose(
    _ found: Double, _ expected: Double, _ tolerance: Double,
    location: SourceLocation = #_sourceLocation
  ) {
    #expect(
      abs(found - expected) <= tolerance * abs(expected), "expected \(expected)",
      sourceLocation: location)
  }
}
