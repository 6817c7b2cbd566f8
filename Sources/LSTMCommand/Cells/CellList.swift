import Recurrent

/// Cells as a list: what each is, who wrote it down first, and which options it takes.
struct CellList {
  let presets: [Cell.Preset]

  var json: JSONObject {
    get throws { ["cells": .array(try presets.map { .object(try json($0)) })] }
  }

  private func json(_ preset: Cell.Preset) throws -> JSONObject {
    let cell = try Cell.named(preset.name)
    return [
      "name": .string(preset.name), "summary": .string(preset.summary),
      "source": .string(preset.source),
      "options": .array(
        preset.options.map { ["name": .string($0.name), "takes": .string($0.takes)] }),
      "states": .array(cell.states.map { .string($0.name) }),
      "parameters": .array(cell.parameters.map { .string($0.name) }),
    ]
  }

  var text: String {
    let rows = presets.map { [$0.name, $0.summary, $0.source, note($0.options)] }
    let widths = (0..<3).map { column in rows.map(\.[column].count).max() ?? 0 }
    let lines = rows.map { row in
      let cells = zip(row, widths).map { leftAligned($0, $1) } + [row[3]]
      return trimmed(cells.joined(separator: "  "))
    }
    return lines.map { $0 + "\n" }.joined() + optionsText
  }

  /// The options' names where they fit into a line, else how many there are.
  private func note(_ options: [Cell.Preset.Option]) -> String {
    let names = options.map(\.name).joined(separator: ", ")
    return names.count <= 24 ? names : "\(options.count) options"
  }

  /// What the options take, once for all cells that take the same.
  private var optionsText: String {
    var text = "\nOptions, as in lstm:peepholes=i+o,projection=64\n"
    var lists: [[Cell.Preset.Option]] = []
    for preset in presets where !preset.options.isEmpty && !lists.contains(preset.options) {
      lists.append(preset.options)
    }
    for options in lists {
      let names = presets.filter { $0.options == options }.map(\.name)
      text += "\n" + Self.wrapped(names) + "\n"
      let width = options.map(\.name.count).max() ?? 0
      for option in options {
        text += "  \(leftAligned(option.name, width))  \(option.takes)\n"
      }
    }
    return text
  }
}

extension CellList {
  /// Words with commas between, in lines of at most 96 characters.
  private static func wrapped(_ words: [String]) -> String {
    var lines = [""]
    for (index, word) in words.enumerated() {
      let piece = word + (index + 1 < words.count ? ", " : "")
      if lines[lines.count - 1].count + piece.count > 97 { lines.append("") }
      lines[lines.count - 1] += piece
    }
    return lines.map(trimmed).joined(separator: "\n")
  }
}

/// The text without blanks at its end.
func trimmed(_ text: String) -> String {
  String(text.reversed().drop { $0 == " " }.reversed())
}
