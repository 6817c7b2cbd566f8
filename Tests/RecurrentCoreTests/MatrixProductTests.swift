import RecurrentCore
import TestSupport
import Testing

@Suite struct MatrixProductTests {
  @Test(arguments: [
    [1, 1, 1], [5, 3, 7], [1, 300, 129], [131, 517, 67], [67, 1, 300], [3, 0, 5],
  ])
  func productsAccumulateUnderAnyStrides(sizes: [Int]) {
    let (m, k, n) = (sizes[0], sizes[1], sizes[2])
    let a = DoubleArray.cosines([m, k])
    let b = DoubleArray.cosines([k, n], phase: 5)
    let start = DoubleArray.cosines([m, n + 2], phase: 9)
    let product = a.matrixProduct(b)
    for machine in Machine.all {
      let context = machine.context
      // B as the transpose of what lies in memory, C as part of wider rows.
      let x = Tensor(a, on: context)
      let y = Tensor(b.matrixTransposed, on: context)
      for accumulate in [false, true] {
        let c = Tensor(start, on: context)
        context.multiply(
          x.matrix(rows: m, columns: k), y.matrix(rows: n, columns: k).transposed,
          into: Matrix(c.buffer, offset: c.offset + 1, rows: m, columns: n, rowStride: n + 2),
          accumulate: accumulate)
        let expected = DoubleArray([m, n + 2]) { index in
          if index[1] == 0 || index[1] == n + 1 { return start[index] }
          return product[index[0], index[1] - 1] + (accumulate ? start[index] : 0)
        }
        #expect(gradientMismatch(c, expected) == nil, "\(machine)")
      }
    }
  }

  @Test(arguments: [[1, 1], [5, 7], [1000, 3], [611, 300], [0, 4]])
  func columnSums(sizes: [Int]) {
    let a = DoubleArray.cosines(sizes)
    let b = DoubleArray.cosines(sizes, phase: 3)
    let start = DoubleArray.cosines([sizes[1]], phase: 8)
    for machines in Machine.byInstructionSet {
      var bits: [Tensor] = []
      for machine in machines {
        let context = machine.context
        let (x, y) = (Tensor(a, on: context).rowMatrix, Tensor(b, on: context).rowMatrix)
        let plain = Tensor(start, on: context)
        context.sumColumns(x, into: plain.matrix(rows: 1, columns: sizes[1]))
        let products = Tensor(start, on: context)
        context.sumColumns(
          x, times: y, into: products.matrix(rows: 1, columns: sizes[1]), accumulate: true)
        let sums = a.reduce(axis: 0) { $0.reduce(0, +) }
        let dots = DoubleArray.combine(a, b, *).reduce(axis: 0) { $0.reduce(0, +) }
        #expect(gradientMismatch(plain, sums) == nil, "\(machine)")
        #expect(
          gradientMismatch(products, DoubleArray.combine(dots, start, +)) == nil, "\(machine)")
        if bits.isEmpty { bits = [plain, products] }
        #expect(difference(plain, bits[0]) == nil && difference(products, bits[1]) == nil)
      }
    }
  }

  @Test(arguments: [[1, 1], [37, 13], [300, 257]])
  func packedPanels(sizes: [Int]) {
    let (n, k) = (sizes[0], sizes[1])
    let weight = DoubleArray.cosines([n, k])
    for machine in Machine.all {
      let context = machine.context
      let source = Tensor(weight, on: context).rowMatrix
      let packed = context.pack(source)
      #expect(packed.units == n && packed.depth == k)
      let panel = context.kernels.panel
      let panels = (n + panel - 1) / panel
      let found = Tensor(buffer: packed.buffer, shape: [panels, k, panel])
      let expected = DoubleArray([panels, k, panel]) { index in
        let unit = index[0] * panel + index[2]
        return unit < n ? weight[unit, index[1]] : 0
      }
      #expect(mismatch(found, expected, tolerance: 0) == nil, "\(machine)")
    }
  }
}
