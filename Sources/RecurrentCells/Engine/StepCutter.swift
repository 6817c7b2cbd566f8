import RecurrentCore

/// Cuts the stages of a step into parts and leaves out what a part need not do.
///
/// A part lies within one block of every structured matrix, and within one part of what is due, as
/// far as that leaves it wide enough. Its products are those with the free elements of its rows; and
/// where it is known whether it is due, what follows from that is left out. Parts that are left with
/// the same operations are one again.
struct StepCutter {
  /// Units below which a part costs as much as a wider one: the lanes of the widest vectors.
  static let leastUnits = 16

  let compiled: CompiledCell
  let step: CompiledStep
  /// What is due; nil where it is not the same for all rows.
  let due: DueParts?
  /// Whether anyone needs elements that are stored, known to be zero or not.
  let isWanted: (Place, Range<Int>, _ isZero: Bool) -> Bool

  private var cut = CutStep()
  private var operandOf: [CutStep.Operand: Int] = [:]
  private var weightOf: [CutStep.Weight: Int] = [:]
  /// The products of the parts of a stage, by the index that stands for the weight until it is known
  /// which units a part has in the end.
  private var products: [Product: Int] = [:]
  private var productList: [Product] = []

  private struct Product: Hashable {
    var weight: CompiledStep.Weight
    var depth: Range<Int>
  }

  init(
    _ compiled: CompiledCell, _ step: CompiledStep, due: DueParts?,
    isWanted: @escaping (Place, Range<Int>, _ isZero: Bool) -> Bool
  ) {
    self.compiled = compiled
    self.step = step
    self.due = due
    self.isWanted = isWanted
  }

  mutating func run() -> CutStep {
    for stage in step.stages {
      var parts: [BlockProgram] = []
      var stored: [(place: Place, range: Range<Int>, isZero: Bool)] = []
      for units in ranges(of: stage) {
        let part = part(of: stage, units: units, stored: &stored)
        if part.operations.isEmpty { continue }
        if let last = parts.last, last.units.upperBound == units.lowerBound,
          last.operations == part.operations
        {
          parts[parts.count - 1] = BlockProgram(
            operations: last.operations, slotCount: last.slotCount,
            units: last.units.lowerBound..<units.upperBound)
        } else {
          parts.append(part)
        }
      }
      let stage = parts.map { withWeights($0) }
      cut.stages.append(stage)
      for (place, range, isZero) in stored {
        if isZero {
          cut.zeros[place].insert(contentsOf: range)
        } else {
          cut.zeros[place].remove(contentsOf: range)
        }
      }
    }
    return cut
  }

  // MARK: Where a stage is cut

  private func ranges(of stage: BlockProgram) -> [Range<Int>] {
    var bounds = Set<Int>()
    for operation in stage.operations {
      let parts =
        switch operation {
        case .product(_, let weight, _, _):
          compiled.cell.parameters[step.weights[weight].parameter].structure.blocks
        case .load(let operand, _):
          if case .schedule(let schedule) = step.places[operand] {
            compiled.cell.schedules[schedule].periods.count
          } else {
            1
          }
        default: 1
        }
      for part in 0..<parts { bounds.insert(stage.units.count * part / parts) }
    }
    return stage.units.cut(at: bounds, least: Self.leastUnits)
  }

  // MARK: One part

  private mutating func part(
    of stage: BlockProgram, units: Range<Int>,
    stored: inout [(place: Place, range: Range<Int>, isZero: Bool)]
  ) -> BlockProgram {
    var folder = ProgramFolder()
    for operation in stage.operations {
      switch operation {
      case .load(let operand, let slot):
        let place = step.places[operand]
        if let known = known(place, units) {
          folder.append(.constant(known, into: slot))
        } else {
          folder.append(.load(self.operand(place), into: slot))
        }
      case .store(let slot, let operand):
        let (place, range) = compiled.elements(units, of: step.places[operand])
        let isZero = folder.constant(slot) == 0
        stored.append((place, range, isZero))
        if !isWanted(place, range, isZero) { continue }
        folder.append(.store(slot, to: self.operand(step.places[operand])))
      case .product(let operand, let weight, _, let slot):
        let (place, weight) = (step.places[operand], step.weights[weight])
        for depth in depths(of: weight, units: units, times: place) {
          folder.append(
            .product(
              self.operand(place, from: depth.lowerBound),
              weight: product(Product(weight: weight, depth: depth)), length: depth.count,
              onto: slot))
        }
      default:
        var operands: [Int: Int] = [:]
        for operand in operation.readOperands {
          operands[operand] = self.operand(step.places[operand])
        }
        folder.append(operation.renamed(operand: { operands[$0]! }))
      }
    }
    let program = folder.program(units: units)
    noteReads(program)
    return program
  }

  /// The number that stands in all of these elements of a place, where that is known.
  private func known(_ place: Place, _ units: Range<Int>) -> Float? {
    if case .schedule(let schedule) = place {
      let size = compiled.size(of: compiled.cell.schedules[schedule].extent)
      return due?.isDue(schedule, of: compiled.cell, units: units, size: size).map { $0 ? 1 : 0 }
    }
    let (place, range) = compiled.elements(units, of: place)
    return cut.zeros.containsAll(range, of: place) ? 0 : nil
  }

  /// The columns of a matrix that these rows of it have free elements in and that meet elements of
  /// the vector that may be other than zero.
  private func depths(
    of weight: CompiledStep.Weight, units: Range<Int>, times place: Place
  ) -> [Range<Int>] {
    let (place, _) = compiled.elements(0..<0, of: place)
    return compiled.freeDepth(of: weight, units: units).subtracting(cut.zeros[place]).ranges
      .map { $0 }
  }

  /// Notes what of earlier times the finished program reads.
  private mutating func noteReads(_ program: BlockProgram) {
    for operation in program.operations {
      switch operation {
      case .load(let index, _):
        let (place, range) = compiled.elements(program.units, of: cut.operands[index].place)
        cut.reads[place].insert(contentsOf: range)
      case .product(let index, _, let length, _):
        let operand = cut.operands[index]
        let (place, range) = compiled.elements(
          operand.first..<operand.first + length, of: operand.place)
        cut.reads[place].insert(contentsOf: range)
      default:
        // Who reads across units may read all of them.
        for index in operation.readOperands {
          let (place, range) = compiled.elements(0..<Int(Int32.max), of: cut.operands[index].place)
          cut.reads[place].insert(contentsOf: range)
        }
      }
    }
  }

  // MARK: Operands and weights

  private mutating func operand(_ place: Place, from first: Int = 0) -> Int {
    let operand = CutStep.Operand(place: place, first: first)
    if let index = operandOf[operand] { return index }
    cut.operands.append(operand)
    operandOf[operand] = cut.operands.count - 1
    return cut.operands.count - 1
  }

  private mutating func product(_ product: Product) -> Int {
    if let index = products[product] { return index }
    productList.append(product)
    products[product] = productList.count - 1
    return productList.count - 1
  }

  /// The program with weights for the units that it has in the end.
  private mutating func withWeights(_ part: BlockProgram) -> BlockProgram {
    var part = part
    part.operations = part.operations.map { operation in
      guard case .product(let operand, let index, let length, let slot) = operation else {
        return operation
      }
      let product = productList[index]
      let weight = CutStep.Weight(
        whole: product.weight, units: part.units, depth: product.depth)
      if weightOf[weight] == nil {
        weightOf[weight] = cut.weights.count
        cut.weights.append(weight)
      }
      return .product(operand, weight: weightOf[weight]!, length: length, onto: slot)
    }
    return part
  }
}

extension Range<Int> {
  /// The range in pieces that end at the bounds, but for those that would leave a piece shorter than
  /// `least`.
  func cut(at bounds: Set<Int>, least: Int) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    var start = lowerBound
    for bound in bounds.sorted() where bound - start >= least && upperBound - bound >= least {
      pieces.append(start..<bound)
      start = bound
    }
    return pieces + [start..<upperBound]
  }
}

extension CompiledCell {
  /// Elements of a place as they are counted where several places are parts of one row: those of an
  /// affine map's section within all sections.
  func elements(_ range: Range<Int>, of place: Place) -> (Place, Range<Int>) {
    guard case .section(let map, let section) = place else { return (place, range) }
    let start = section * sectionWidth(map)
    return (.sections(map: map), start + range.lowerBound..<start + range.upperBound)
  }

  /// Elements of a row of one section of an affine map.
  func sectionWidth(_ map: Int) -> Int {
    mapWidths[map] / cell.graph.affineMaps[map].sections.count
  }

  /// The columns in which these rows of a matrix have free elements: of a section, or of the
  /// transposed stack.
  func freeDepth(of weight: CompiledStep.Weight, units: Range<Int>) -> RangeSet<Int> {
    let parameter = cell.parameters[weight.parameter]
    let sections = parameter.sections.count
    let shape = parameterShapes[weight.parameter]
    let (height, width) = (shape[0] / sections, shape[1])
    if weight.section != nil {
      return RangeSet(parameter.structure.freeColumns(ofRows: units, height, width))
    }
    let rows = parameter.structure.freeRows(ofColumns: units, height, width)
    return RangeSet(
      (0..<sections).map { $0 * height + rows.lowerBound..<$0 * height + rows.upperBound })
  }
}
