// swift-tools-version: 6.3

import PackageDescription

let package = Package(
  name: "swift-lstm",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "Recurrent", targets: ["Recurrent"]),
    .library(name: "RecurrentONNX", targets: ["RecurrentONNX"]),
    .executable(name: "lstm", targets: ["LSTMCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    // Without its traits, which bring all of Foundation.
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    // Imports point one way: command → tasks → training, formats → layers → cells → core → kernels.
    .target(name: "CRecurrentKernels"),
    .target(name: "RecurrentCore", dependencies: ["CRecurrentKernels"]),
    .target(name: "RecurrentCells", dependencies: ["RecurrentCore"]),
    .target(name: "RecurrentLayers", dependencies: ["RecurrentCells"]),
    .target(
      name: "RecurrentTraining", dependencies: ["RecurrentLayers", "RecurrentFormats"]),
    .target(name: "RecurrentFormats", dependencies: ["RecurrentCore"]),
    .target(name: "RecurrentTasks", dependencies: ["RecurrentTraining", "RecurrentFormats"]),
    .target(
      name: "Recurrent",
      dependencies: [
        "RecurrentCore", "RecurrentCells", "RecurrentLayers", "RecurrentTraining",
        "RecurrentFormats", "RecurrentTasks",
      ]),
    // ONNX is a product of its own, so that the library itself never pulls in protobuf.
    .target(
      name: "OnnxProto",
      dependencies: [.product(name: "SwiftProtobuf", package: "swift-protobuf")],
      exclude: ["onnx.proto"]),
    .target(
      name: "RecurrentONNX", dependencies: ["OnnxProto", "RecurrentLayers", "RecurrentFormats"]),
    // It stands in for `malloc`, so only what is a program of its own may link it.
    .target(name: "CAllocationCount"),
    .executableTarget(
      name: "LSTMCommand",
      dependencies: [
        "Recurrent", "RecurrentONNX", "CAllocationCount",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    .executableTarget(
      name: "own-cell", dependencies: ["Recurrent"], path: "Examples/OwnCell"),

    .executableTarget(
      name: "stream-latency", dependencies: ["Recurrent"], path: "Examples/StreamLatency"),

    .target(name: "AllocationCounter", path: "Tests/AllocationCounter"),
    .target(
      name: "TestSupport", dependencies: ["RecurrentCore", "RecurrentFormats"],
      path: "Tests/Support"),
    // Writes models that `scripts/compare-onnx-export` runs elsewhere.
    .executableTarget(
      name: "onnx-cases", dependencies: ["RecurrentONNX", "RecurrentLayers", "RecurrentFormats"],
      path: "Tests/OnnxCases"),
    .executableTarget(
      name: "fuzz",
      dependencies: ["RecurrentFormats", "RecurrentONNX", "RecurrentTasks", "TestSupport"],
      path: "Tests/Fuzz"),
    .testTarget(name: "RecurrentCoreTests", dependencies: ["RecurrentCore", "TestSupport"]),
    .testTarget(name: "RecurrentCellsTests", dependencies: ["RecurrentCells", "TestSupport"]),
    .testTarget(
      name: "RecurrentLayersTests",
      dependencies: [
        "RecurrentLayers", "RecurrentTraining", "RecurrentFormats", "TestSupport",
        "AllocationCounter",
      ]),
    .testTarget(
      name: "RecurrentTrainingTests",
      dependencies: ["RecurrentTraining", "RecurrentFormats", "TestSupport"]),
    .testTarget(name: "RecurrentFormatsTests", dependencies: ["RecurrentFormats", "TestSupport"]),
    .testTarget(name: "RecurrentTasksTests", dependencies: ["RecurrentTasks", "TestSupport"]),
    .testTarget(
      name: "RecurrentONNXTests", dependencies: ["RecurrentONNX", "OnnxProto", "TestSupport"]),
    .testTarget(
      name: "LSTMCommandTests",
      dependencies: ["LSTMCommand", "RecurrentTasks", "RecurrentFormats", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

// `unsafe` has to be written where memory safety is the author's own affair: in RecurrentCore only.
// What protoc-gen-swift writes does not say it.
let notOurs: Set = ["CRecurrentKernels", "CAllocationCount", "AllocationCounter", "OnnxProto"]
for target in package.targets where !notOurs.contains(target.name) {
  target.swiftSettings = [.strictMemorySafety()]
}
