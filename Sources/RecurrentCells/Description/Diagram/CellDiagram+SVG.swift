extension CellDiagram {
  /// The drawing as an SVG document; the same cell gives the same bytes.
  ///
  /// - Parameters:
  ///   - title: What stands above it.
  ///   - subtitle: A line below the title.
  public func svg(title: String, subtitle: String = "") -> String {
    let legend = Legend(self)
    let width = max(Double(layout.width) * unit, legend.width + 48, Double(title.count) * 12 + 48)
    let height = Double(layout.height) * unit + header + legend.height
    var drawing = SVGDrawing(
      title: title, width: width, height: height, stylesheet: .diagram)
    drawing.text(title, x: 24, y: 34, "title")
    drawing.text(subtitle, x: 24, y: 55, "note")
    let shift = ((width - Double(layout.width) * unit) / 2).rounded()
    drawing.add("<g transform=\"translate(\(point(shift)) \(point(header)))\">")
    drawBody(&drawing)
    for index in wires.indices.sorted(by: { drawingOrder($0) < drawingOrder($1) }) {
      drawWire(index, &drawing)
    }
    for point in branches {
      drawing.add("<circle class=\"dot\" cx=\"\(x(point))\" cy=\"\(y(point))\" r=\"3\"/>")
    }
    for index in blocks.indices { drawBlock(index, &drawing) }
    for index in wires.indices { drawSign(index, &drawing) }
    drawing.add("</g>")
    legend.draw(x: 24, y: height - legend.height + 4, &drawing)
    return drawing.svg
  }

  // MARK: Wires

  private func drawBody(_ drawing: inout SVGDrawing) {
    let body = layout.body
    drawing.add(
      "<rect class=\"body\" x=\"\(point(Double(body.columns.lowerBound) * unit))\" "
        + "y=\"\(point(Double(body.rows.lowerBound) * unit))\" "
        + "width=\"\(point(Double(2 * body.halfWidth) * unit))\" "
        + "height=\"\(point(Double(2 * body.halfHeight) * unit))\" rx=\"18\"/>")
  }

  private func isBelt(_ index: Int) -> Bool { layout.beltWires.contains(wires[index]) }

  /// What is drawn later lies on top.
  private func drawingOrder(_ index: Int) -> Int {
    (wires[index].role == .peephole ? 0 : isBelt(index) ? 2 : 1) * wires.count + index
  }

  private func drawWire(_ index: Int, _ drawing: inout SVGDrawing) {
    let route = layout.routes[index]
    guard route.count > 1 else { return }
    let path = path(route, wires[index])
    let name = wires[index].role == .peephole ? "peephole" : isBelt(index) ? "belt" : "wire"
    drawing.add("<path class=\"halo\" d=\"\(path)\"/>")
    drawing.add("<path class=\"\(name)\" d=\"\(path)\"/>")
    guard blocks[wires[index].to].kind != .join else { return }
    let tip = end(route[route.count - 1], route[route.count - 2], wires[index].to)
    drawing.add("<path class=\"\(name) head\" d=\"\(head(tip, from: route[route.count - 2]))\"/>")
  }

  /// A line with rounded corners.
  private func path(_ route: [GridPoint], _ wire: Wire) -> String {
    let points = route.map { (Double($0.x) * unit, Double($0.y) * unit) }
    let last = points.count - 1
    let start = end(route[0], route[1], wire.from)
    let finish = end(route[last], route[last - 1], wire.to)
    var path = "M\(point(start.0)) \(point(start.1))"
    for index in points.indices.dropFirst().dropLast() {
      let corner = points[index]
      let before = towards(points[index - 1], from: corner, by: 6)
      let after = towards(points[index + 1], from: corner, by: 6)
      path += "L\(point(before.0)) \(point(before.1))"
      path += "Q\(point(corner.0)) \(point(corner.1)) \(point(after.0)) \(point(after.1))"
    }
    return path + "L\(point(finish.0)) \(point(finish.1))"
  }

  /// The end of a wire on a block's edge, which may lie within its frame.
  private func end(_ port: GridPoint, _ before: GridPoint, _ block: Int) -> (Double, Double) {
    let isVertical = port.x == before.x
    let inset: Double =
      switch blocks[block].kind {
      case .operation: 3
      case .function, .choice: isVertical ? 3 : 0
      case .join: isVertical ? 3 : 8
      // Their frames reach into the cell's body, at whose border wires begin and end.
      case .previous, .next: 28
      case .input, .output: 20
      case .layer: 0
      }
    let point = (Double(port.x) * unit, Double(port.y) * unit)
    guard layout.frames[block].columns.contains(port.x), layout.frames[block].rows.contains(port.y)
    else { return point }
    return towards((Double(before.x) * unit, Double(before.y) * unit), from: point, by: -inset)
  }

  private func towards(
    _ target: (Double, Double), from point: (Double, Double), by length: Double
  ) -> (Double, Double) {
    let (dx, dy) = (target.0 - point.0, target.1 - point.1)
    let distance = max(abs(dx), abs(dy), 1)
    let step = min(length, distance / 2)
    return (point.0 + dx / distance * step, point.1 + dy / distance * step)
  }

  private func head(_ tip: (Double, Double), from before: GridPoint) -> String {
    let (dx, dy) = (tip.0 - Double(before.x) * unit, tip.1 - Double(before.y) * unit)
    let distance = max(abs(dx), abs(dy), 1)
    let (ux, uy) = (dx / distance, dy / distance)
    let (x, y) = (tip.0 - 7 * ux, tip.1 - 7 * uy)
    return "M\(point(tip.0)) \(point(tip.1))L\(point(x - 3.6 * uy)) \(point(y + 3.6 * ux))"
      + "L\(point(x + 3.6 * uy)) \(point(y - 3.6 * ux))z"
  }

  /// What a wire means to the block that it goes into, where that has to be said.
  private func drawSign(_ index: Int, _ drawing: inout SVGDrawing) {
    let route = layout.routes[index]
    guard route.count > 1, let sign = wires[index].role.sign else { return }
    let (port, before) = (route[route.count - 1], route[route.count - 2])
    let outward = towards(
      (Double(before.x) * unit, Double(before.y) * unit),
      from: (Double(port.x) * unit, Double(port.y) * unit), by: 5)
    if port.x == before.x {
      let isLeft = port.x < layout.frames[wires[index].to].center.x
      drawing.text(
        sign, x: outward.0 + (isLeft ? -6 : 6), y: outward.1 + (port.y < before.y ? 8 : 2),
        isLeft ? "sign end" : "sign")
    } else {
      drawing.text(sign, x: outward.0 - 4, y: outward.1 - 6, "sign end")
    }
  }

  /// Points at which wires of one signal part.
  private var branches: [GridPoint] {
    var branches: Set<GridPoint> = []
    for source in Set(wires.map(\.from)) {
      var neighbours: [GridPoint: Set<GridPoint>] = [:]
      for index in wires.indices where wires[index].from == source {
        let route = layout.routes[index]
        for (corner, next) in zip(route, route.dropFirst()) {
          let step = GridPoint(x: (next.x - corner.x).signum(), y: (next.y - corner.y).signum())
          var point = corner
          while point != next {
            neighbours[point, default: []].insert(point + step)
            neighbours[point + step, default: []].insert(point)
            point = point + step
          }
        }
      }
      branches.formUnion(neighbours.filter { $0.value.count > 2 }.keys)
    }
    return branches.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
  }

  // MARK: Blocks

  private func drawBlock(_ index: Int, _ drawing: inout SVGDrawing) {
    let (block, frame) = (blocks[index], layout.frames[index])
    let (centerX, centerY) = (Double(frame.center.x) * unit, Double(frame.center.y) * unit)
    func box(_ name: String, halfWidth: Double, halfHeight: Double, radius: Double) {
      drawing.add(
        "<rect class=\"\(name)\" x=\"\(point(centerX - halfWidth))\" "
          + "y=\"\(point(centerY - halfHeight))\" width=\"\(point(2 * halfWidth))\" "
          + "height=\"\(point(2 * halfHeight))\" rx=\"\(point(radius))\"/>")
    }
    let halfWidth = Double(frame.halfWidth) * unit
    switch block.kind {
    case .previous:
      drawing.symbol(
        block.label, time: "t−1", x: centerX + halfWidth - 33, y: centerY + 5, .end, "")
    case .next:
      drawing.symbol(
        block.label, time: "t", x: centerX - halfWidth + 33, y: centerY + 5, .start, "")
    case .input:
      drawing.symbol(block.label, time: "t", x: centerX, y: centerY + 12, .middle, "")
    case .output:
      drawing.symbol(block.label, time: "t", x: centerX, y: centerY - 6, .middle, "")
    case .join:
      box("join", halfWidth: 3, halfHeight: Double(frame.halfHeight) * unit - 2, radius: 3)
    case .layer(let isNormalized):
      box("layer", halfWidth: halfWidth, halfHeight: 16, radius: 4)
      let lift: Double = isNormalized ? -2 : 5
      drawing.text(block.label, x: centerX, y: centerY + lift, "label middle")
      if isNormalized { drawing.text("LN", x: centerX, y: centerY + 12, "small middle") }
      drawName(block, x: centerX - 6, y: centerY - 22, .end, &drawing)
    case .function:
      box("pointwise", halfWidth: halfWidth, halfHeight: 13, radius: 13)
      drawing.text(block.label, x: centerX, y: centerY + 4.5, "label middle")
      drawName(block, x: centerX + 6, y: centerY - 20, .start, &drawing)
    case .operation:
      drawing.add(
        "<circle class=\"pointwise\" cx=\"\(point(centerX))\" cy=\"\(point(centerY))\" r=\"13\"/>"
      )
      let isWord = block.label.count > 1
      drawing.text(
        block.label, x: centerX, y: centerY + (isWord ? 4 : 6),
        isWord ? "small middle" : "operator middle")
      drawName(block, x: centerX + 12, y: centerY - 12, .start, &drawing)
    case .choice:
      box("pointwise", halfWidth: halfWidth, halfHeight: 13, radius: 3)
      drawing.text(block.label, x: centerX, y: centerY + 4.5, "label middle")
      drawName(block, x: centerX + 12, y: centerY - 20, .start, &drawing)
    }
  }

  private func drawName(
    _ block: Block, x: Double, y: Double, _ anchor: SVGDrawing.Anchor, _ drawing: inout SVGDrawing
  ) {
    guard let name = block.name else { return }
    drawing.symbol(name, time: "t", x: x, y: y, anchor, "name")
  }

  private func x(_ place: GridPoint) -> String { point(Double(place.x) * unit) }
  private func y(_ place: GridPoint) -> String { point(Double(place.y) * unit) }
}

/// A step of the grid, in the drawing's units.
private let unit = 8.0
/// Room for the title.
private let header = 60.0

extension CellDiagram.Wire.Role {
  fileprivate var sign: String? {
    switch self {
    case .plain, .peephole: nil
    case .negative: "−"
    case .divisor: "÷"
    case .condition: "?"
    case .otherwise: "else"
    }
  }
}

// MARK: - Legend

extension CellDiagram {
  /// What the shapes mean, of those that there are.
  private struct Legend {
    private var entries: [(shape: String, text: String)] = []

    init(_ diagram: CellDiagram) {
      let kinds = Set(diagram.blocks.map(\.kind))
      if kinds.contains(where: \.isLayer) {
        let isPlain = diagram.blocks.contains { $0.kind.isLayer && $0.label == "W" }
        entries.append(("layer", "learnt layer" + (isPlain ? ", W: a plain sum" : "")))
      }
      if kinds.contains(where: { [.function, .operation, .choice].contains($0) }) {
        entries.append(("pointwise", "operation"))
      }
      if kinds.contains(.join) { entries.append(("join", "joined")) }
      if diagram.wires.contains(where: { $0.role == .peephole }) {
        entries.append(("peephole", "peephole"))
      }
    }

    var height: Double { entries.isEmpty ? 16 : 40 }

    /// Letters are about seven units wide.
    private func width(_ text: String) -> Double { 30 + 6.6 * Double(text.count) + 22 }

    var width: Double { entries.reduce(0) { $0 + width($1.text) } }

    func draw(x: Double, y: Double, _ drawing: inout SVGDrawing) {
      var x = x
      for (shape, text) in entries {
        let (left, top) = (point(x), point(y + 2))
        switch shape {
        case "layer":
          drawing.add(
            "<rect class=\"layer\" x=\"\(left)\" y=\"\(top)\" width=\"22\" height=\"14\" rx=\"3\"/>"
          )
        case "pointwise":
          drawing.add(
            "<circle class=\"pointwise\" cx=\"\(point(x + 14))\" cy=\"\(point(y + 9))\" r=\"8\"/>"
          )
        case "join":
          drawing.add(
            "<rect class=\"join\" x=\"\(point(x + 14))\" y=\"\(point(y))\" width=\"6\" "
              + "height=\"18\" rx=\"3\"/>")
        default:
          drawing.add("<path class=\"\(shape)\" d=\"M\(left) \(point(y + 9))h22\"/>")
        }
        drawing.text(text, x: x + 29, y: y + 13.5, "note")
        x += width(text)
      }
    }
  }
}
