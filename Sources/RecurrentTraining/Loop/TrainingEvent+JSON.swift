import RecurrentFormats

extension TrainingEvent {
  /// The event as a JSON object on one line. No clock times and no durations, so the same run gives
  /// the same bytes.
  ///
  /// ```
  /// {"event":"step","step":1,"epoch":1,"loss":0.52,"gradient_norm":1.7,"learning_rate":0.001}
  /// {"event":"epoch","epoch":1,"step":40,"loss":0.31,"evaluation":0.29,"best":true}
  /// ```
  public var json: JSONObject {
    switch self {
    case .step(let report):
      return [
        "event": "step", "step": .integer(report.step), "epoch": .integer(report.epoch),
        "loss": .number(report.loss), "gradient_norm": .number(report.gradientNorm),
        "learning_rate": .number(report.learningRate),
      ]
    case .epoch(let report):
      var object: JSONObject = [
        "event": "epoch", "epoch": .integer(report.epoch), "step": .integer(report.step),
      ]
      if let loss = report.loss { object["loss"] = .number(loss) }
      if let evaluation = report.evaluation { object["evaluation"] = .number(evaluation) }
      if let isBest = report.isBest { object["best"] = .bool(isBest) }
      return object
    }
  }
}
