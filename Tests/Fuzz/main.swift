// Files that are almost right, by the million: every reader has to answer each with what is in it or
// with an error that is a sentence. A trap, a hang or memory out of proportion is a fault here.
//
//   fuzz [READER …] [--count N] [--seed S] [--only INPUT]
//
// Inputs are made in memory, by changing good files at random; input number N of a reader is the
// same wherever and whenever it is made. --only reads one, and prints it: where a run was stopped by
// a trap, it has said which.

import RecurrentCore

var names: [String] = []
var count = 10_000
var seed = 1
var only: Int?
var words = CommandLine.arguments.dropFirst()
while let word = words.popFirst() {
  switch word {
  case "--count", "--seed", "--only":
    guard let number = words.popFirst().flatMap({ Int($0) }), number >= 0 else {
      fail("\(word) needs a whole number")
    }
    switch word {
    case "--count": count = number
    case "--seed": seed = number
    default: only = number
    }
  default: names.append(word)
  }
}

let readers = FuzzReader.all
for name in names where !readers.contains(where: { $0.name == name }) {
  fail("no reader \(name); there are \(readers.map(\.name).joined(separator: ", "))")
}

/// What reading may take at most, of files of a few hundred bytes and of bombs of a mebibyte.
let memoryLimit = 64 << 20

CrashNote.install()
let clock = ContinuousClock()
for (number, reader) in readers.enumerated() where names.isEmpty || names.contains(reader.name) {
  for file in reader.corpus {
    do { try reader.read(file) } catch { fail("\(reader.name): a good file is refused: \(error)") }
  }
  let before = peakResidentMemory()
  var refused = 0
  var slowest = (input: 0, time: Duration.zero)
  let start = clock.now
  for input in only.map({ $0..<$0 + 1 }) ?? 0..<count {
    CrashNote.set(reader: number, input: input)
    var mutator = Mutator(
      reader.corpus,
      seed: UInt64(truncatingIfNeeded: seed &* 1_000_003 &+ number) << 32 ^ UInt64(input))
    let file = mutator.file()
    if only != nil { print(reader.name, input, file) }
    let inputStart = clock.now
    do {
      try reader.read(file)
    } catch {
      refused += 1
      let text = "\(error)"
      if only != nil { print(text) }
      if text.contains(where: \.isNewline) || text.utf8.count > 1000 {
        fail("\(reader.name), input \(input): an error that is not a line: \(text)")
      }
    }
    let time = clock.now - inputStart
    if time > slowest.time { slowest = (input, time) }
  }
  for bomb in reader.bombs where only == nil {
    CrashNote.set(reader: number, input: -1)
    do {
      try reader.read(bomb)
    } catch { continue }
    fail("\(reader.name): a bomb is taken for a good file")
  }
  let grown = peakResidentMemory() - before
  print(
    "\(reader.name): \(only == nil ? count : 1) inputs, \(refused) refused, \(clock.now - start); "
      + "slowest input \(slowest.input), \(slowest.time); memory grew by \(grown >> 10) KiB")
  if grown > memoryLimit { fail("\(reader.name): memory grew by \(grown >> 20) MiB") }
}

func fail(_ message: String) -> Never {
  CrashNote.end(message)
}
