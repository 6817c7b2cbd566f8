#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension SmoothedBase {
  /// Fits to each form of the values the candidates that suit it, and weighs them by how well they
  /// forecast the second half of the series.
  ///
  /// With E_j the mean absolute error of candidate j over origins in the second half and all steps,
  /// in the unit of the values, times √((N + k)/(N − k)) for its k parameters and N values, its weight
  /// is w_j ∝ E_j⁻³ / n_j: inverse errors as in Bates & Granger (1969), sharper, shared by the n_j
  /// variants of its method, so that smoothing, of which there are many, does not outvote the rest
  /// (n_j = 1 for the base of the first version).
  ///
  /// - Parameters:
  ///   - values: NaN where missing. Any number of them will do, also none.
  ///   - season: Steps after which a pattern repeats, 1 for none. It counts where the values hold
  ///     more than two of it.
  ///   - secondSeason: A longer one, as the week of hourly values.
  ///   - horizon: Steps to forecast.
  ///   - candidates: What may be averaged.
  ///   - transform: What the candidates work on; what needs positive values only where all are.
  package init(
    fitting values: [Double], season: Int, secondSeason: Int?, horizon: Int,
    candidates: ForecastConfiguration.StatisticalBase = .combination,
    transform: ForecastConfiguration.Transform = .automatic
  ) {
    precondition(season >= 1 && horizon >= 1, "a season of \(season), a horizon of \(horizon)")
    func holdsTwo(_ season: Int) -> Bool { season > 1 && season <= (values.count - 1) / 2 }
    let season = holdsTwo(season) ? season : 1
    let task = BaseFitting(
      values: values.map { $0.isFinite ? $0 : .nan }, season: season,
      secondSeason: season > 1 ? secondSeason.flatMap { holdsTwo($0) ? $0 : nil } : nil,
      horizon: horizon, candidates: candidates, transform: transform)
    self = task.best
  }
}

extension BaseFitting {
  fileprivate var best: SmoothedBase {
    let combinations = forms.compactMap { form in
      weighed(candidates(in: form), in: form.transform)
    }
    guard let better = combinations.min(by: { $0.score < $1.score }) else {
      return base([(lastValue, 1)], in: .none)
    }
    guard candidates == .combination, transform == .automatic else { return base(better) }
    let all = combinations.flatMap(\.candidates) + differencedForms.flatMap { candidates(in: $0) }
    return weighed(all, in: better.transform).map(base) ?? base(better)
  }

  /// Candidates with their weights, whose forecasts are to be averaged.
  private struct Combination {
    /// Of the values they are averaged in.
    var transform: ValueTransform
    var candidates: [BaseCandidate]
    /// One for each candidate; they add up to 1.
    var weights: [Double]
    /// How large the error of the combination will be if the candidates' errors are unrelated; in the
    /// unit of the values.
    var score: Double
  }

  /// nil without candidates, and where their errors are beyond numbers.
  private func weighed(
    _ candidates: [BaseCandidate], in transform: ValueTransform
  ) -> Combination? {
    guard let least = candidates.map(\.error).min() else { return nil }
    let rounding = 1e-12 * max(largestMagnitude, 1e-300)
    let shares = candidates.map { candidate in
      let ratio = (least + rounding) / (candidate.error + rounding)
      let variants = candidates.count { $0.isVariant(of: candidate) }
      return ratio * ratio * ratio / (self.candidates == .combination ? Double(variants) : 1)
    }
    let sum = shares.reduce(0, +)
    let score = (least + rounding) / cbrt(sum)
    guard score.isFinite else { return nil }
    return Combination(
      transform: transform, candidates: candidates, weights: shares.map { $0 / sum }, score: score)
  }

  private func base(_ combination: Combination) -> SmoothedBase {
    base(
      Array(zip(combination.candidates, combination.weights)), in: combination.transform)
  }

  private func base(
    _ weighted: [(candidate: BaseCandidate, weight: Double)], in transform: ValueTransform
  ) -> SmoothedBase {
    var groups: [SmoothedBase.Group] = []
    for (candidate, weight) in weighted {
      if groups.last?.form != candidate.form {
        groups.append(
          SmoothedBase.Group(
            form: candidate.form, startValue: startValue(in: candidate.form), members: []))
      }
      groups[groups.count - 1].members.append(
        SmoothedBase.Member(model: candidate.model, weight: weight))
    }
    return SmoothedBase(
      season: season, transform: transform, errorScale: errorScale(weighted, in: transform),
      startValue: startValue(in: ValueForm(transform: transform)), groups: groups)
  }

  /// For each step the mean absolute error of the combination, drawn a little to that of all steps,
  /// half-way to the largest of the steps before; not 0.
  private func errorScale(
    _ weighted: [(candidate: BaseCandidate, weight: Double)], in transform: ValueTransform
  ) -> [Double] {
    var mean = WeightedMean(count: origins.count * horizon)
    var penalty = 0.0
    for (candidate, weight) in weighted {
      mean.add(
        candidate.forecasts.translated(from: candidate.form.transform, to: transform),
        weight: weight)
      penalty += weight * candidate.penalty
    }
    let forecasts = mean.values
    let working = transform.working(values)
    var sums = [Double](repeating: 0, count: horizon)
    var counts = sums
    forEachTarget(working) { place, step, target in
      guard !forecasts[place].isNaN else { return }
      sums[step] += (forecasts[place] - target).magnitude * penalty
      counts[step] += 1
    }
    let count = counts.reduce(0, +)
    let overall = count > 0 ? sums.reduce(0, +) / count : 0
    let magnitudes = working.lazy.filter { !$0.isNaN }.map(\.magnitude)
    let floor = 1e-9 * max(magnitudes.max() ?? 1, 1e-6)
    var largest = 0.0
    return zip(sums, counts).map { sum, count in
      let error = (sum + 4 * overall) / (count + 4)
      largest = max(largest, error)
      return min(max(error / 2 + largest / 2, floor), .greatestFiniteMagnitude / 2)
    }
  }
}
