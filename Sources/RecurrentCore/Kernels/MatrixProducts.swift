import CRecurrentKernels

/// A matrix in a buffer, under any strides, so that a transpose is a view.
package struct Matrix: Sendable {
  package let buffer: TensorBuffer
  package let offset: Int
  package let rows: Int
  package let columns: Int
  package let rowStride: Int
  package let columnStride: Int

  /// - Parameters:
  ///   - rowStride: Floats from row to row; `columns` if not said.
  ///   - columnStride: Floats from column to column.
  package init(
    _ buffer: TensorBuffer, offset: Int = 0, rows: Int, columns: Int, rowStride: Int? = nil,
    columnStride: Int = 1
  ) {
    self.buffer = buffer
    self.offset = offset
    self.rows = rows
    self.columns = columns
    self.rowStride = rowStride ?? columns
    self.columnStride = columnStride
    let last = (rows - 1) * self.rowStride + (columns - 1) * columnStride
    precondition(
      rows == 0 || columns == 0 || (offset >= 0 && offset + last < buffer.capacity),
      "A matrix of \(rows) × \(columns) does not fit its buffer")
  }

  package var transposed: Matrix {
    Matrix(
      buffer, offset: offset, rows: columns, columns: rows, rowStride: columnStride,
      columnStride: rowStride)
  }

  fileprivate var address: UnsafeMutablePointer<Float> { unsafe buffer.address + offset }
}

extension Tensor {
  /// The elements, in memory order, as the rows of a matrix.
  package func matrix(rows: Int, columns: Int) -> Matrix {
    precondition(rows * columns == count, "\(shape) is not a matrix of \(rows) × \(columns)")
    return Matrix(buffer, offset: offset, rows: rows, columns: columns)
  }

  /// Everything before the last axis as rows, the last axis as columns.
  package var rowMatrix: Matrix {
    let columns = shape.last ?? 1
    return matrix(rows: columns == 0 ? 0 : count / columns, columns: columns)
  }
}

/// A matrix laid out for ``rk_program``'s products: panels of output units, the order in which a
/// register tile reads them.
package struct PackedMatrix: Sendable {
  package let buffer: TensorBuffer
  /// Rows of the matrix: output units.
  package let units: Int
  /// Columns of the matrix: what a product sums over.
  package let depth: Int
}

extension ComputeContext {
  /// C = A B, or C += A B.
  ///
  /// The work is cut where rows or columns of C are many. An element of C is the same sum in the
  /// same order however that is done, so the number of threads does not show in the bits.
  ///
  /// - Parameter c: Contiguous rows, in a buffer that nobody else reads; no part of `a` or `b`.
  package func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, accumulate: Bool = false) {
    precondition(
      a.columns == b.rows && a.rows == c.rows && b.columns == c.columns && c.columnStride == 1,
      """
      A product of \(a.rows) × \(a.columns) and \(b.rows) × \(b.columns) \
      does not fit \(c.rows) × \(c.columns)
      """)
    let (m, n, k) = (c.rows, c.columns, a.columns)
    if m == 0 || n == 0 { return }
    let pieces = productPieces(m: m, n: n, k: k)
    let alongRows = m >= n
    let unit = alongRows ? kernels.tileRows : kernels.panel
    let length = alongRows ? m : n
    let step = ((length + pieces - 1) / pieces + unit - 1) / unit * unit
    workers.forEach((length + step - 1) / step) { piece in
      let start = piece * step
      let extent = min(step, length - start)
      let (row, column) = alongRows ? (start, 0) : (0, start)
      let (pieceRows, pieceColumns) = alongRows ? (extent, n) : (m, extent)
      let needed = kernels.gemmWorkspace(m: pieceRows, n: pieceColumns, k: k)
      unsafe buffers.withScratch(needed) { workspace in
        unsafe kernels.gemm(
          rk_gemm(
            m: Int32(pieceRows), n: Int32(pieceColumns), k: Int32(k),
            accumulate: accumulate ? 1 : 0,
            a: a.address + row * a.rowStride, a_row: Int64(a.rowStride),
            a_col: Int64(a.columnStride),
            b: b.address + column * b.columnStride, b_row: Int64(b.rowStride),
            b_col: Int64(b.columnStride),
            c: c.address + row * c.rowStride + column, c_row: Int64(c.rowStride),
            workspace: workspace))
      }
    }
  }

  /// How many pieces a product is worth: two for each thread, as long as a piece does not drown in
  /// the cost of handing it over.
  private func productPieces(m: Int, n: Int, k: Int) -> Int {
    if threadCount == 1 { return 1 }
    let worthwhile = 2 * m * n * k / 1_000_000
    return max(1, min(worthwhile, 2 * threadCount))
  }

  /// out[j] = Σᵢ a[i][j], or Σᵢ a[i][j] b[i][j]; added to what `out` holds if `accumulate` says so.
  ///
  /// - Parameters:
  ///   - a: Contiguous rows.
  ///   - b: Contiguous rows, the size of `a`.
  ///   - out: One row of as many columns, in a buffer that nobody else reads.
  package func sumColumns(
    _ a: Matrix, times b: Matrix? = nil, into out: Matrix, accumulate: Bool = false
  ) {
    precondition(
      a.columnStride == 1 && out.columns == a.columns && out.columnStride == 1
        && (b.map { $0.rows == a.rows && $0.columns == a.columns && $0.columnStride == 1 } ?? true),
      "Column sums of \(a.rows) × \(a.columns) do not fit \(out.columns) columns")
    if a.columns == 0 { return }
    // A piece is wide enough to read whole cache lines and, in all, some 64 Ki elements.
    let width = max(64, 65_536 / max(a.rows, 1) / 64 * 64)
    workers.forEach((a.columns + width - 1) / width) { piece in
      let start = piece * width
      unsafe kernels.columns(
        rk_columns(
          rows: Int64(a.rows), columns: Int32(min(width, a.columns - start)),
          accumulate: accumulate ? 1 : 0, a: a.address + start, a_row: Int64(a.rowStride),
          b: b.map { unsafe UnsafePointer($0.address + start) },
          b_row: Int64(b?.rowStride ?? 0), out: out.address + start))
    }
  }

  /// Lays the matrix out for the products of a block program; `into` a buffer of an earlier call if
  /// nobody else holds it.
  package func pack(_ matrix: Matrix, into reused: PackedMatrix? = nil) -> PackedMatrix {
    let panel = kernels.panel
    let panels = (matrix.rows + panel - 1) / panel
    let needed = panels * panel * matrix.columns
    let buffer =
      reused.flatMap { $0.buffer.capacity >= needed ? $0.buffer : nil }
      ?? TensorBuffer(uninitialized: needed, in: self)
    let step = max(1, 65_536 / max(panel * matrix.columns, 1))
    workers.forEach((panels + step - 1) / step) { piece in
      let row = piece * step * panel
      unsafe kernels.pack(
        rk_pack(
          n: Int32(min(step * panel, matrix.rows - row)), k: Int32(matrix.columns),
          w: matrix.address + row * matrix.rowStride, w_row: Int64(matrix.rowStride),
          w_col: Int64(matrix.columnStride), dst: buffer.address + row * matrix.columns))
    }
    return PackedMatrix(buffer: buffer, units: matrix.rows, depth: matrix.columns)
  }
}

extension KernelTable {
  func gemm(_ arguments: rk_gemm) {
    unsafe withUnsafePointer(to: arguments) { unsafe pointer.pointee.gemm($0) }
  }
  func gemmWorkspace(m: Int, n: Int, k: Int) -> Int {
    Int(unsafe pointer.pointee.gemm_workspace(Int32(m), Int32(n), Int32(k)))
  }
  func columns(_ arguments: rk_columns) {
    unsafe withUnsafePointer(to: arguments) { unsafe pointer.pointee.columns($0) }
  }
  func pack(_ arguments: rk_pack) {
    unsafe withUnsafePointer(to: arguments) { unsafe pointer.pointee.pack($0) }
  }
}
