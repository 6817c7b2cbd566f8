#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The one name of a file among the many that paths and links can give it.
///
/// - Returns: The absolute path without links; for a file that is not there yet that of its folder and
///   its name; the path itself where there is no such folder.
public func canonicalPath(_ path: String) -> String {
  if let existing = resolved(path) { return existing }
  let slash = path.lastIndex(of: "/")
  let folder = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
  guard let place = resolved(folder) else { return path }
  return place == "/" ? "/\(name)" : "\(place)/\(name)"
}

private func resolved(_ path: String) -> String? {
  guard let found = unsafe realpath(path, nil) else { return nil }
  defer { unsafe free(found) }
  return unsafe String(cString: found)
}
