import Recurrent

/// What the doctor found: the machine, and every cell's largest errors.
struct DoctorReport {
  typealias Property = CellCheck.Property

  let machine: MachineDescription
  /// Each under the name by which it was asked for.
  let cells: [(name: String, report: CellReport)]

  /// The cells of which something does not hold, and what; nil if all is well.
  var failure: DoctorFailure? {
    let failures = cells.filter { !$0.report.holds }.map { cell in
      "\(cell.name) (\(cell.report.failures.map(\.rawValue).joined(separator: ", ")))"
    }
    return failures.isEmpty ? nil : DoctorFailure(cells: failures, count: cells.count)
  }

  // MARK: JSON

  var json: JSONObject {
    var tolerances: JSONObject = [:]
    for property in Property.allCases {
      tolerances[property.rawValue] = .number(property.tolerance)
    }
    return [
      "machine": .object(machine.json), "ok": .bool(failure == nil),
      "tolerances": .object(tolerances), "cells": .array(cells.map(json)),
    ]
  }

  private func json(_ cell: (name: String, report: CellReport)) -> JSONValue {
    var json: JSONObject = ["cell": .string(cell.name), "ok": .bool(cell.report.holds)]
    add(cell.report.errors, to: &json)
    json["isas"] = .array(
      cell.report.machines.map { machine in
        var json: JSONObject = ["isa": .string(machine.instructionSet.rawValue)]
        add(machine.errors, to: &json)
        return .object(json)
      })
    return .object(json)
  }

  private func add(_ errors: [Property: Double], to json: inout JSONObject) {
    for property in Property.allCases {
      if let error = errors[property] { json[property.rawValue] = .number(error) }
    }
  }

  // MARK: Text

  var text: String {
    let width = max(4, cells.map(\.name.count).max() ?? 0)
    let heading =
      leftAligned("cell", width) + Property.allCases.map { column($0.rawValue) }.joined()
    let limits =
      leftAligned("at most", width)
      + Property.allCases.map { column(number($0.tolerance)) }.joined()
    let lines = cells.map { cell in
      let errors = Property.allCases.map { column(number(cell.report.largestError($0))) }
      return leftAligned(cell.name, width) + errors.joined()
        + (cell.report.holds ? "  ok" : "  FAILED")
    }
    return machine.text + "\nThe largest errors, over all instruction sets:\n\n"
      + ([heading, limits] + lines).map { $0 + "\n" }.joined()
  }

  private func column(_ text: String) -> String { rightAligned(text, 12) }

  private func number(_ value: Double) -> String {
    value.isNaN ? "nan" : scientific(value, 2)
  }
}

/// Something does not hold that must.
struct DoctorFailure: Error, CustomStringConvertible {
  let cells: [String]
  /// Cells that were looked at.
  let count: Int

  var description: String {
    "\(cells.count) of \(count) \(count == 1 ? "cell" : "cells") failed: "
      + cells.joined(separator: ", ")
  }
}
