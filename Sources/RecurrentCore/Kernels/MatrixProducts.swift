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

  /// Some of the rows, and of the columns; all if not said.
  package func part(rows: Range<Int>? = nil, columns: Range<Int>? = nil) -> Matrix {
    let (rows, columns) = (rows ?? 0..<self.rows, columns ?? 0..<self.columns)
    return Matrix(
      buffer, offset: offset + rows.lowerBound * rowStride + columns.lowerBound * columnStride,
      rows: rows.count, columns: columns.count, rowStride: rowStride, columnStride: columnStride)
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

/// C = A B, or C += A B.
package struct MatrixProduct: Sendable {
  package let a: Matrix
  package let b: Matrix
  package let c: Matrix
  package let accumulates: Bool
  /// The columns of A and rows of B that are summed over, in this order; nil: all.
  package let places: [Int32]?

  /// - Parameter c: Contiguous rows, in a buffer that nobody else reads; no part of `a` or `b`.
  package init(
    _ a: Matrix, _ b: Matrix, into c: Matrix, accumulate: Bool = false, places: [Int32]? = nil
  ) {
    precondition(
      a.columns == b.rows && a.rows == c.rows && b.columns == c.columns && c.columnStride == 1,
      """
      A product of \(a.rows) × \(a.columns) and \(b.rows) × \(b.columns) \
      does not fit \(c.rows) × \(c.columns)
      """)
    precondition(
      places?.allSatisfy { 0..<b.rows ~= Int($0) } ?? true, "A sum over places beyond the matrices")
    self.a = a
    self.b = b
    self.c = c
    accumulates = accumulate
    self.places = places
  }

  fileprivate var depth: Int { places?.count ?? a.columns }
  fileprivate var work: Int { 2 * c.rows * c.columns * depth }

  /// The product for some of the rows and columns of C.
  fileprivate func run(rows: Range<Int>, columns: Range<Int>, in context: ComputeContext) {
    let (a, b) = (a.part(rows: rows), b.part(columns: columns))
    let c = c.part(rows: rows, columns: columns)
    let kernels = context.kernels
    let needed = kernels.gemmWorkspace(m: c.rows, n: c.columns, k: depth)
    unsafe context.buffers.withScratch(needed) { workspace in
      var product = unsafe rk_gemm(
        m: Int32(c.rows), n: Int32(c.columns), k: Int32(depth), accumulate: accumulates ? 1 : 0,
        a: a.address, a_row: Int64(a.rowStride), a_col: Int64(a.columnStride), b: b.address,
        b_row: Int64(b.rowStride), b_col: Int64(b.columnStride), c: c.address,
        c_row: Int64(c.rowStride), workspace: workspace, places: nil)
      guard let places else { return unsafe kernels.gemm(product) }
      unsafe places.withUnsafeBufferPointer {
        unsafe product.places = $0.baseAddress
        unsafe kernels.gemm(product)
      }
    }
  }
}

extension ComputeContext {
  /// One product: see ``multiply(_:)``.
  package func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, accumulate: Bool = false) {
    multiply([MatrixProduct(a, b, into: c, accumulate: accumulate)])
  }

  /// Products that do not depend on each other.
  ///
  /// The work is cut where rows or columns of C are many. An element of C is the same sum in the
  /// same order however that is done, so the number of threads does not show in the bits.
  package func multiply(_ products: [MatrixProduct]) {
    struct Piece {
      var product: Int
      var rows: Range<Int>
      var columns: Range<Int>
    }
    let work = products.reduce(0) { $0 + $1.work }
    var pieces: [Piece] = []
    for (index, product) in products.enumerated() {
      product.c.buffer.dropForms()
      let (m, n) = (product.c.rows, product.c.columns)
      if m == 0 || n == 0 { continue }
      let alongRows = m >= n
      let unit = alongRows ? kernels.tileRows : kernels.panel
      let length = alongRows ? m : n
      let count = pieceCount(product.work, of: work)
      let step = ((length + count - 1) / count + unit - 1) / unit * unit
      for start in stride(from: 0, to: length, by: step) {
        let part = start..<min(start + step, length)
        pieces.append(
          alongRows
            ? Piece(product: index, rows: part, columns: 0..<n)
            : Piece(product: index, rows: 0..<m, columns: part))
      }
    }
    let all = pieces
    @Sendable func run(_ index: Int) {
      let piece = all[index]
      products[piece.product].run(rows: piece.rows, columns: piece.columns, in: self)
    }
    if work < Self.worthAPiece {
      for index in all.indices { run(index) }
    } else {
      workers.forEach(all.count, run)
    }
  }

  /// Floating-point operations below which a piece drowns in the cost of handing it over.
  private static var worthAPiece: Int { 1_000_000 }

  /// Into how many pieces a part of all the work is cut: all of it is worth two for each thread.
  private func pieceCount(_ work: Int, of all: Int) -> Int {
    if threadCount == 1 || work == 0 { return 1 }
    return max(1, min(work / Self.worthAPiece, (2 * threadCount * work + all - 1) / all))
  }

  /// out[j] = Σᵢ a[i][j], or Σᵢ a[i][j] b[i][j]; added to what `out` holds if `accumulate` says so.
  ///
  /// - Parameters:
  ///   - a: Contiguous rows.
  ///   - b: Contiguous rows, the size of `a`.
  ///   - out: One row of as many columns, in a buffer that nobody else reads.
  ///   - places: The rows that are summed, in this order; nil: all.
  package func sumColumns(
    _ a: Matrix, times b: Matrix? = nil, into out: Matrix, accumulate: Bool = false,
    places: [Int32]? = nil
  ) {
    precondition(
      a.columnStride == 1 && out.columns == a.columns && out.columnStride == 1
        && (b.map { $0.rows == a.rows && $0.columns == a.columns && $0.columnStride == 1 } ?? true),
      "Column sums of \(a.rows) × \(a.columns) do not fit \(out.columns) columns")
    if a.columns == 0 { return }
    out.buffer.dropForms()
    // A piece is wide enough to read whole cache lines and, in all, some 64 Ki elements.
    precondition(
      places?.allSatisfy { 0..<a.rows ~= Int($0) } ?? true, "Sums of rows beyond the matrix")
    let rows = places?.count ?? a.rows
    let width = max(64, 65_536 / max(rows, 1) / 64 * 64)
    workers.forEach((a.columns + width - 1) / width) { piece in
      let start = piece * width
      var sums = unsafe rk_columns(
        rows: Int64(rows), columns: Int32(min(width, a.columns - start)),
        accumulate: accumulate ? 1 : 0, a: a.address + start, a_row: Int64(a.rowStride),
        b: b.map { unsafe UnsafePointer($0.address + start) },
        b_row: Int64(b?.rowStride ?? 0), out: out.address + start, places: nil)
      guard let places else { return unsafe kernels.columns(sums) }
      unsafe places.withUnsafeBufferPointer {
        unsafe sums.places = $0.baseAddress
        unsafe kernels.columns(sums)
      }
    }
  }

  /// Lays the matrix out for the products of a block program, in memory of the context that the
  /// matrix lives in: it may be kept as long as that.
  package func pack(_ matrix: Matrix) -> PackedMatrix {
    let panel = kernels.panel
    let panels = (matrix.rows + panel - 1) / panel
    let depth = kernels.packedDepth(matrix.columns)
    let buffer = TensorBuffer(
      uninitialized: panels * panel * depth, in: matrix.buffer.context)
    let step = max(1, 65_536 / max(panel * matrix.columns, 1))
    workers.forEach((panels + step - 1) / step) { piece in
      let row = piece * step * panel
      unsafe kernels.pack(
        rk_pack(
          n: Int32(min(step * panel, matrix.rows - row)), k: Int32(matrix.columns),
          w: matrix.address + row * matrix.rowStride, w_row: Int64(matrix.rowStride),
          w_col: Int64(matrix.columnStride), dst: buffer.address + row * depth,
          places: nil))
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
