import Foundation

/// The document of `--json`, as another reader than the tool's own sees it.
struct Document: Decodable {
  struct Configuration: Decodable {
    var horizon: Int
    var season: Int
    var levels: [Double]
    var cell: String
    var hidden: Int
    var layers: Int
    var seed: Int
  }

  struct Method: Decodable {
    var method: String
    var kind: String
    var mase: Double?
    var smape: Double?
    var mae: Double?
    var rmse: Double?
    var coverage: [String: Double]?
  }

  /// A row's times are texts, its values numbers.
  enum Cell: Decodable, Equatable {
    case number(Double)
    case text(String)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      do { self = .number(try container.decode(Double.self)) } catch {
        self = .text(try container.decode(String.self))
      }
    }

    var number: Double? { if case .number(let number) = self { number } else { nil } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
  }

  var configuration: Configuration
  var leaderboard: [Method]
  var forecast: [[String: Cell]]
  var notes: [String]
  var warnings: [String]

  init(_ text: String) throws {
    self = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
  }

  var model: Method? { leaderboard.first { $0.kind == "model" } }

  /// The forecast of one series, step by step.
  func values(of id: String? = nil) -> [Double] {
    forecast.filter { id == nil || $0["unique_id"] == .text(id!) }.compactMap { $0["lstm"]?.number }
  }

  /// The model's mean MASE over that of another method.
  func ratio(to other: String) -> Double? {
    guard let own = model?.mase,
      let mase = leaderboard.first(where: { $0.method == other })?.mase
    else { return nil }
    return own / mase
  }
}
