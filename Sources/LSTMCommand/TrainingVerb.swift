import Recurrent

/// A verb that trains a forecaster: what it takes for that.
protocol TrainingVerb {
  /// As the checkpoint knows it.
  static var trainingName: String { get }
  var model: ModelOptions { get }
  var numbers: PrecisionOptions { get }
  var continuation: RunOptions { get }
  var shared: SharedOptions { get }
}
