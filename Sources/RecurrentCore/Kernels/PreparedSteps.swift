import CRecurrentKernels

/// The steps of a stack of layers, prepared once and then taken over and over: nothing is allocated
/// or looked up by the time a step is taken, and nothing locked but to wake threads that sleep.
///
/// Where a step is large enough, threads share its units, or its rows where there are many; otherwise
/// the caller's thread takes it alone. The bits are the same either way, and those of ``StageRunner``.
@safe package final class PreparedSteps: @unchecked Sendable {
  private let context: ComputeContext
  /// They hold the programs and all memory that these read and write.
  private let layers: [StageRunner]
  /// For each layer the place of its first form among all forms.
  private let firstForms: UnsafeMutablePointer<Int>
  /// For each layer the form that it takes next.
  private let chosenForms: UnsafeMutablePointer<Int>
  private let alone: StepShare
  /// Empty where the step is not shared.
  private let team: [StepShare]

  /// - Parameters:
  ///   - layers: From the lowest up; each the forms of its step, the first of which is taken unless
  ///     another one is chosen.
  ///   - rows: The rows that every step is taken for.
  package init(_ layers: [[StepForm]], rows: Int, in context: ComputeContext) {
    self.context = context
    let runners = layers.map { StageRunner($0, in: context) }
    self.layers = runners
    unsafe firstForms = .allocate(capacity: layers.count)
    unsafe chosenForms = .allocate(capacity: layers.count)
    var formCount = 0
    for (layer, forms) in layers.enumerated() {
      unsafe firstForms[layer] = formCount
      unsafe chosenForms[layer] = 0
      formCount += forms.count
    }
    func share(_ rows: Range<Int>, _ member: (index: Int, count: Int)?) -> StepShare {
      StepShare(runners, rows: rows, member: member, in: context)
    }
    alone = share(0..<rows, nil)
    let split = Self.split(layers, rows: rows, in: context)
    team =
      split.members == 1
      ? []
      : (0..<split.members).map { index in
        split.byRows
          ? share(rows * index / split.members..<rows * (index + 1) / split.members, nil)
          : share(0..<rows, (index, split.members))
      }
    // What is made at the first use, threads and the types' own descriptions, is made now.
    if !team.isEmpty { runShared(nil) }
  }

  deinit {
    unsafe firstForms.deallocate()
    unsafe chosenForms.deallocate()
  }

  /// Which of its forms a layer takes from now on.
  package func choose(form: Int, layer: Int) {
    precondition(layers[layer].forms.indices ~= form, "A layer has no such form")
    unsafe chosenForms[layer] = form
  }

  /// Takes a step in all layers.
  ///
  /// - Parameter step: What operands that hold several steps in turn are read and written at.
  package func run(step: Int) {
    if team.isEmpty { return run(alone, step, nil) }
    runShared(step)
  }

  private func runShared(_ step: Int?) {
    context.workers.team(
      upTo: team.count, unsafe TeamStep(steps: Unmanaged.passUnretained(self), step: step))
  }

  // MARK: How the work is cut

  /// Work below which a thread that spins for it costs more than it gives.
  private static let worthATeam = 800_000

  private static func split(
    _ layers: [[StepForm]], rows: Int, in context: ComputeContext
  ) -> WorkSplit {
    WorkSplit(
      rows: rows, panels: layers.joined().map { $0.panels(context.kernels.panel) }.max() ?? 0,
      cost: rows * layers.reduce(0) { $0 + ($1.map(\.costPerRow).max() ?? 0) },
      meetings: layers.reduce(0) { $0 + ($1.map(\.stages.count).max() ?? 0) },
      worthATeam: worthATeam, in: context)
  }

  // MARK: One thread

  @safe private struct TeamStep: TeamWork, @unchecked Sendable {
    /// The caller of the team holds it.
    let steps: Unmanaged<PreparedSteps>
    /// nil: there is nothing to do.
    let step: Int?

    func run(_ member: TeamMember) {
      guard let step else { return }
      unsafe steps._withUnsafeGuaranteedRef { $0.run(step, member) }
    }
  }

  private func run(_ step: Int, _ member: TeamMember) {
    if member.count == team.count {
      run(team[member.index], step, member)
    } else if member.index == 0 {
      // There are fewer threads to be had than were asked for.
      run(alone, step, nil)
    }
  }

  private func run(_ share: StepShare, _ step: Int, _ member: TeamMember?) {
    let kernel = unsafe context.kernels.pointer.pointee.run!
    let scratch = unsafe share.scratch.address
    for layer in 0..<layers.count {
      let form = unsafe firstForms[layer] + chosenForms[layer]
      var call = unsafe share.calls + share.bounds[form]
      let end = unsafe share.calls + share.bounds[form + 1]
      while unsafe call < end {
        if let member, unsafe call.pointee.waits { member.barrier() }
        unsafe kernel(
          &call.pointee.program, Int64(step), call.pointee.firstRow, call.pointee.endRow,
          call.pointee.firstUnit, call.pointee.endUnit, scratch)
        unsafe call += 1
      }
    }
  }
}

/// What one thread does at a step.
@safe private final class StepShare: @unchecked Sendable {
  @safe struct Call {
    var program: rk_program
    var firstRow, endRow, firstUnit, endUnit: Int32
    /// Whether all threads meet before it.
    var waits: Bool
  }

  let calls: UnsafeMutablePointer<Call>
  /// For the forms of all layers, one after the other, where their calls begin.
  let bounds: UnsafeMutablePointer<Int>
  let scratch: TensorBuffer

  /// - Parameter member: Which of how many threads that share the units; nil: it has them all.
  init(
    _ layers: [StageRunner], rows: Range<Int>, member: (index: Int, count: Int)?,
    in context: ComputeContext
  ) {
    var list: [Call] = []
    var ends: [Int] = [0]
    var scratchCount = 16
    for (layer, runner) in layers.enumerated() {
      for form in runner.forms {
        let parts = runner.prepared(
          form, rows: rows.count, member: member, scratchCount: &scratchCount)
        for (index, part) in parts.enumerated() {
          // The step begins with all threads together, and a layer reads what the one below has left.
          let waits = index == 0 ? layer > 0 : part.waits
          unsafe list.append(
            Call(
              program: part.program, firstRow: Int32(rows.lowerBound),
              endRow: Int32(rows.upperBound), firstUnit: part.units.lowerBound,
              endUnit: part.units.upperBound, waits: member != nil && waits))
        }
        ends.append(list.count)
      }
    }
    unsafe calls = .allocate(capacity: max(list.count, 1))
    for index in list.indices { unsafe (calls + index).initialize(to: list[index]) }
    unsafe bounds = .allocate(capacity: ends.count)
    for index in ends.indices { unsafe (bounds + index).initialize(to: ends[index]) }
    scratch = TensorBuffer(uninitialized: scratchCount, in: context)
  }

  deinit {
    unsafe calls.deallocate()
    unsafe bounds.deallocate()
  }
}

// MARK: - What goes in and comes out

extension TensorBuffer {
  /// A number of a buffer that is the caller's alone, and from which nothing has been derived.
  package subscript(index: Int) -> Float {
    get {
      precondition(0..<capacity ~= index, "A number beyond the buffer")
      return unsafe address[index]
    }
    set {
      precondition(0..<capacity ~= index, "A number beyond the buffer")
      unsafe address[index] = newValue
    }
  }

  /// Copies all of a span to the beginning of such a buffer.
  package func write(_ source: Span<Float>) {
    precondition(source.count <= capacity, "A copy beyond a buffer")
    unsafe source.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { unsafe address.update(from: start, count: source.count) }
    }
  }
}

extension BlockOperand {
  /// Copies the rows of a step, which follow each other, to all of a span.
  package func read(step: Int, into target: inout MutableSpan<Float>) {
    let turn = step + stepOffset
    let start = offset + (ring > 0 ? turn % ring : turn) * stepStride
    precondition(
      start >= 0 && start + target.count <= buffer.capacity, "A copy beyond a buffer")
    unsafe target.withUnsafeMutableBufferPointer { target in
      guard let place = target.baseAddress else { return }
      unsafe place.update(from: buffer.address + start, count: target.count)
    }
  }
}

/// The elements of two arrays as spans, which arrays do not give on every system yet.
package func withSpans(
  of input: [Float], _ output: inout [Float],
  _ body: (Span<Float>, inout MutableSpan<Float>) -> Void
) {
  unsafe input.withUnsafeBufferPointer { input in
    unsafe output.withUnsafeMutableBufferPointer { output in
      var target = unsafe MutableSpan(_unsafeElements: output)
      unsafe body(Span(_unsafeElements: input), &target)
    }
  }
}
