import Recurrent

/// Rows with their first column at the left and the others at the right, a line each.
func alignedRows(_ rows: [[String]]) -> String {
  let widths = (rows.first ?? []).indices.map { column in
    rows.map { $0[column].count }.max() ?? 0
  }
  return rows.map { row in
    row.indices.map { column in
      column == 0
        ? leftAligned(row[column], widths[column]) : rightAligned(row[column], widths[column])
    }.joined(separator: "  ") + "\n"
  }.joined()
}
