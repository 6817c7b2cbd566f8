// How long a step of a stream takes.
//
//     swift run -c release stream-latency [hidden size] [layers] [steps]
//
// An LSTM with random weights reads a stream of as many features as it has units, a row at a time.
// What counts is not the mean but the slow steps: half of all steps are faster than p50, all but one
// in a hundred faster than p99.

import Recurrent

/// An argument, or what stands for one that is missing.
func argument(_ index: Int, or standard: Int) -> Int {
  guard CommandLine.arguments.count > index else { return standard }
  guard let value = Int(CommandLine.arguments[index]), value > 0 else {
    fatalError("\(CommandLine.arguments[index]) is no number of units, layers or steps")
  }
  return value
}

let (size, layers, steps) = (argument(1, or: 64), argument(2, or: 1), argument(3, or: 20_000))
let layer = LSTM(
  inputSize: size, hiddenSize: size, numLayers: layers, key: RandomKey(seed: 1))
var session = StreamingSession(layer)

let samples = (0..<64).map { sample in
  Tensor.normal([size], deviation: 1, key: RandomKey(seed: 2).folded(sample)).elements
}
var output = [Float](repeating: 0, count: session.outputSize)
var nanoseconds: [Int64] = []
nanoseconds.reserveCapacity(steps)

let clock = ContinuousClock()
for step in 0..<steps {
  let start = clock.now
  session.step(samples[step % samples.count], into: &output)
  let (seconds, attoseconds) = (clock.now - start).components
  nanoseconds.append(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
}

// The first steps find the caches cold.
let times = nanoseconds.dropFirst(steps / 10).sorted()
func percentile(_ percent: Int) -> Double {
  Double(times[(times.count - 1) * percent / 100]) / 1000
}
print("LSTM, \(layers) × \(size) units, \(steps) steps")
print("p50 \(percentile(50)) µs, p99 \(percentile(99)) µs")

// A stream can be left and taken up again, or go on in two ways.
let kept = session.state
var other = session.fork()
session.step(samples[0], into: &output)
let first = output
other.step(samples[0], into: &output)
print("the fork goes on as the session did:", output == first)
session.state = kept
session.step(samples[0], into: &output)
print("so does the session from the state that was kept:", output == first)
