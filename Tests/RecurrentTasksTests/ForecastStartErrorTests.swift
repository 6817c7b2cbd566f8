import RecurrentTasks
import Testing

@Suite struct ForecastStartErrors {
  @Test func theFirstDifferenceIsNamed() {
    let kept = ForecastConfiguration(frequency: "months", horizon: 12, season: 12)
    var wanted = ForecastConfiguration(
      frequency: "months", horizon: 6, season: 12, levels: [50, 97.5])
    #expect(ForecastStartError(kept, wanted: wanted).difference == "horizon 12, not 6")
    wanted.horizon = 12
    #expect(ForecastStartError(kept, wanted: wanted).difference == "levels 80,90, not 50,97.5")
    wanted.dilations = [2, 4]
    #expect(
      "\(ForecastStartError(kept, wanted: wanted))"
        == "the networks of the model to start from are not of this kind and size: "
        + "it has dilations none, not 2,4")
  }
}
