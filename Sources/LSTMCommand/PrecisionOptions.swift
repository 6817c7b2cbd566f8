import ArgumentParser
import Recurrent

extension Precision: ExpressibleByArgument {}

/// How exactly a verb multiplies matrices.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How exactly matrices are multiplied: float32 (a sum is off by some 2e-7 of its terms), high "
        + "(9e-7, for CPUs with AMX) or bfloat16 (5e-4, faster where it has that).",
      valueName: "name"))
  var precision = Precision.float32
}
