/// Stops where origins of forecasts do not ascend from 0 to the count of the values.
func requireAscending(_ origins: [Int], of values: [Double]) {
  precondition(
    zip(origins, origins.dropFirst()).allSatisfy(<=)
      && (origins.first ?? 0) >= 0 && (origins.last ?? 0) <= values.count,
    "the origins of \(values.count) values ascend from 0 to \(values.count): \(origins)")
}
