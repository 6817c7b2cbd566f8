import ArgumentParser
import Recurrent

/// An option that the verb does not have. The parser tells of missing options first, which those who
/// mistyped one believe to have given.
struct MistypedOption {
  /// As it was written, without a value.
  let name: String
  /// The one that was probably meant.
  let nearest: String?

  /// The first of a command line; nil where there is none.
  ///
  /// - Parameter arguments: Without the name of the tool.
  init?(in arguments: [String]) {
    guard let document = try? JSONValue(parsing: Array(LSTMCommand._dumpHelp().utf8)),
      var command = document["command"]
    else { return nil }
    var rest = arguments[...]
    while let word = rest.first,
      let verb = command["subcommands"]?.array?.first(where: { $0["commandName"]?.string == word })
    {
      command = verb
      rest = rest.dropFirst()
    }
    let names = (command["arguments"]?.array ?? []).flatMap { argument in
      (argument["names"]?.array ?? []).compactMap { name in
        name["kind"]?.string == "long" ? name["name"]?.string : nil
      }
    }
    for word in rest.prefix(while: { $0 != "--" }) where word.hasPrefix("--") {
      let name = String(word.dropFirst(2).prefix { $0 != "=" })
      if names.contains(name) { continue }
      self.name = "--" + name
      nearest = nearestName(to: name, in: names).map { "--" + $0 }
      return
    }
    return nil
  }

  /// A sentence.
  var message: String {
    "unknown option \(name)" + (nearest.map { "; did you mean \($0)?" } ?? "")
  }
}

private func nearestName(to name: String, in names: [String]) -> String? {
  nearest(to: name, in: names)
}
