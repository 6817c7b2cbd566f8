import Foundation
import RecurrentCells
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// A cell's drawing shows all of it, and nothing lies on anything else.
@Suite struct CellDiagramTests {
  @Test(arguments: CellCase.all) func nothingOverlaps(_ trial: CellCase) {
    let diagram = CellDiagram(trial.cell)
    let frames = diagram.layout.frames
    for first in frames.indices {
      for second in frames.indices where second > first {
        let overlap = frames[first].overlaps(frames[second])
        #expect(!overlap, "\(diagram.blocks[first]) and \(diagram.blocks[second])")
      }
    }
  }

  @Test(arguments: CellCase.all) func everyWireHasItsWay(_ trial: CellCase) {
    let diagram = CellDiagram(trial.cell)
    for (wire, route) in zip(diagram.wires, diagram.layout.routes) {
      #expect(route.count > 1, "\(wire)")
      for (a, b) in zip(route, route.dropFirst()) { #expect((a.x == b.x) != (a.y == b.y)) }
      if let end = route.last {
        #expect(contains(diagram.layout.frames[wire.to], end), "\(wire)")
      }
      for (index, frame) in diagram.layout.frames.enumerated()
      where index != wire.from && index != wire.to {
        #expect(!crosses(route, frame), "\(wire) runs through \(diagram.blocks[index])")
      }
    }
  }

  private func contains(_ frame: DiagramLayout.Frame, _ point: GridPoint) -> Bool {
    abs(point.x - frame.center.x) <= frame.halfWidth
      && abs(point.y - frame.center.y) <= frame.halfHeight
  }

  private func crosses(_ route: [GridPoint], _ frame: DiagramLayout.Frame) -> Bool {
    zip(route, route.dropFirst()).contains { a, b in
      let x = min(a.x, b.x)...max(a.x, b.x)
      let y = min(a.y, b.y)...max(a.y, b.y)
      return x.overlaps(frame.center.x - frame.halfWidth...frame.center.x + frame.halfWidth)
        && y.overlaps(frame.center.y - frame.halfHeight...frame.center.y + frame.halfHeight)
    }
  }

  @Test(arguments: CellCase.all) func isWellFormed(_ trial: CellCase) {
    let svg = CellDiagram(trial.cell).svg(title: "a < b & \"c\"", subtitle: trial.name)
    #expect(XMLParser(data: Data(svg.utf8)).parse())
  }

  @Test func theSameCellGivesTheSameBytes() throws {
    for name in ["lstm-full-gate-recurrence", "slstm", "lstm-depth-gated"] {
      let drawings = try (0..<2).map { _ in CellDiagram(try .named(name)).svg(title: name) }
      #expect(drawings[0] == drawings[1])
    }
  }

  @Test func theMemoryCellIsAStraightBeltOnTop() throws {
    let diagram = CellDiagram(try .lstm())
    let belt = diagram.wires.indices.filter {
      diagram.layout.beltWires.contains(diagram.wires[$0])
    }
    let heights = Set(belt.flatMap { diagram.layout.routes[$0].map(\.y) })
    #expect(belt.count == 3)
    #expect(heights.count == 1)
    let blocks = diagram.blocks.indices.filter { diagram.layout.isOnBelt[$0] }
    #expect(blocks.map { diagram.blocks[$0].label }.sorted() == ["+", "×"])
    let others = diagram.blocks.indices.filter { index in
      !diagram.layout.isOnBelt[index] && diagram.blocks[index].kind != .output
        && diagram.blocks[index].label != "c"
    }
    for index in others {
      #expect(diagram.layout.frames[index].center.y > heights.first!)
    }
  }

  @Test func theGatesOfAnLSTM() throws {
    let diagram = CellDiagram(try .lstm(peepholes: [.output]))
    let layers = diagram.blocks.filter { $0.kind == .layer(isNormalized: false) }
    #expect(Set(layers.compactMap(\.name)) == ["i", "f", "g", "o"])
    #expect(layers.map(\.label).sorted() == ["tanh", "σ", "σ", "σ"])
    let peepholes = diagram.wires.filter { $0.role == .peephole }
    #expect(peepholes.count == 1)
    #expect(diagram.blocks[peepholes[0].to].name == "o")
    #expect(diagram.blocks[peepholes[0].from].label == "+")
  }
}
