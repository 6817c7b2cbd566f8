import Foundation
import TestSupport
import Testing

/// `lstm inspect` and `lstm convert` of other programs' files.
@Suite struct ConvertTests {
  /// A folder with these fixtures.
  private func tool(_ names: [String]) throws -> Tool {
    let tool = try Tool()
    for name in names {
      try tool.write(Data(contentsOf: URL(fileURLWithPath: fixturePath(name))), to: name)
    }
    return tool
  }

  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test(arguments: [
    ("pytorch_checkpoint.pt", "pytorch", 28, 229), ("numpy_savez.npz", "npz", 2, 10),
    ("numpy_save_float32.npy", "npy", 1, 6), ("pytorch_finetune.safetensors", "safetensors", 1, 10),
  ])
  func whatIsInAFile(_ name: String, _ format: String, _ count: Int, _ numbers: Int) throws {
    let tool = try tool([name])
    let outcome = try tool.run(["inspect", name])
    #expect(outcome.status == 0 && outcome.stderr == "")
    #expect(outcome.stdout.hasPrefix("\(name): ") && outcome.stdout.contains("in all"))
    let json = try object(tool.run(["inspect", name, "--json"]).stdout)
    #expect(json["format"] as? String == format && json["parameters"] as? Int == numbers)
    #expect((json["tensors"] as? [[String: Any]])?.count == count)
    #expect(try tool.files == [name])
  }

  /// Through safetensors and NumPy's archive and back, every number of every type is what it was.
  @Test func formatsIntoEachOther() throws {
    let tool = try tool(["pytorch_checkpoint.pt"])
    for (from, to) in [
      ("pytorch_checkpoint.pt", "a.safetensors"), ("a.safetensors", "b.npz"),
      ("b.npz", "c.safetensors"), ("c.safetensors", "d.npz"),
    ] {
      let outcome = try tool.run(["convert", from, to])
      #expect(outcome.status == 0 && outcome.stdout == "Written: \(to)\n", "\(outcome.stderr)")
      #expect(outcome.stderr.contains("bfloat16") == (to == "b.npz"))
      #expect(outcome.stderr.contains("no place for metadata") == (to == "b.npz"))
    }
    #expect(try tool.data("b.npz") == tool.data("d.npz"))
    let first = try object(tool.run(["inspect", "a.safetensors", "--json"]).stdout)
    #expect((first["metadata"] as? [String: String])?["epoch"] == "3")

    let one = try tool.run(
      ["convert", "d.npz", "e.npy", "--tensor", "views.stepped", "--json", "--quiet"])
    #expect(try object(one.stdout)["tensors"] as? [String] == ["views.stepped"])
    let part = try tool.run(["convert", "d.npz", "f.npz", "--prefix", "module"])
    #expect(part.status == 0)
    #expect(try tool.run(["inspect", "f.npz"]).stdout.contains("\nweight  float32  2 × 3"))
    let array = try object(tool.run(["inspect", "e.npy", "--json"]).stdout)
    #expect((array["tensors"] as? [[String: Any]])?.first?["shape"] as? [Int] == [3, 2])
  }

  @Test(arguments: [
    (65, ["inspect", "pytorch_module.pt"], "torch.nn.modules.rnn.LSTM: only state dicts are read"),
    (65, ["convert", "pytorch_old.pt", "a.npz"], "torch.save(torch.load(f), f)"),
    (65, ["inspect", "notes.txt"], "neither safetensors nor"),
    (65, ["inspect", "empty.npz"], "the file is empty"),
    (65, ["inspect", "cut.npz"], "no directory at its end"),
    (66, ["inspect", "absent.pt"], "absent.pt"),
    (66, ["convert", "absent.npz", "a.npz"], "absent.npz"),
    (65, ["convert", "numpy_savez.npz", "a.npy"], "one array, 2 are asked for"),
    (65, ["convert", "numpy_savez.npz", "a.npz", "--tensor", "bias"], "\"bias\""),
    (65, ["convert", "numpy_savez.npz", "a.npz", "--prefix", "w"], "begins with \"w.\""),
    (64, ["convert", "numpy_savez.npz", "a.npz", "--prefix", "w", "--tensor", "w"], "together"),
    (64, ["convert", "numpy_savez.npz", "a.txt"], "does not say a format"),
    (64, ["convert", "numpy_savez.npz", "a.pt"], "write .safetensors"),
    (64, ["convert", "numpy_savez.npz", "./numpy_savez.npz"], "cannot be written"),
    (73, ["convert", "numpy_savez.npz", "no/a.npz"], "no/a.npz"),
  ])
  func refusals(_ status: Int32, _ arguments: [String], _ words: String) throws {
    let tool = try tool(["pytorch_module.pt", "pytorch_old.pt", "numpy_savez.npz"])
    try tool.write("Nothing to be read here.\n", to: "notes.txt")
    try tool.write(Data(), to: "empty.npz")
    try tool.write(try tool.data("numpy_savez.npz").dropLast(9), to: "cut.npz")
    let before = try tool.files
    let outcome = try tool.run(arguments)
    #expect(outcome.status == status, "\(outcome.stderr)")
    #expect(outcome.stdout == "")
    #expect(outcome.errorLines.count == 1 && outcome.stderr.contains(words), "\(outcome.stderr)")
    #expect(try tool.files == before)
  }
}
