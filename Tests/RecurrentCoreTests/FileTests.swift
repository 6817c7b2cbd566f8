import RecurrentCore
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A folder for one test, gone afterwards with all that is in it.
private final class Folder {
  let path: String

  init() throws {
    var template = Array("/tmp/recurrent-core-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe mkdtemp(buffer.baseAddress!) != nil
    }
    try #require(made)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names { unsafe unlink("\(path)/\(name)") }
    unsafe rmdir(path)
  }

  /// What is in it, hidden names too.
  var names: [String] {
    guard let directory = unsafe opendir(path) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}

@Suite struct FileTests {
  @Test func aFileAppearsWhole() throws {
    let folder = try Folder()
    let path = folder.path + "/a.txt"
    var file = try AtomicFile(path: path)
    try file.write("first ")
    #expect(!folder.names.contains("a.txt"), "not before it is complete")
    try file.write(Array("second".utf8))
    try file.commit()
    #expect(folder.names == ["a.txt"])
    #expect(try readFile(path) == Array("first second".utf8))
  }

  @Test func anAbandonedFileLeavesTheOldOne() throws {
    let folder = try Folder()
    let path = folder.path + "/a.txt"
    try AtomicFile.write("old", to: path)
    unsafe chmod(path, 0o640)
    do {
      var file = try AtomicFile(path: path)
      try file.write("new")
    }
    #expect(folder.names == ["a.txt"])
    #expect(try readFile(path) == Array("old".utf8))
    // A new one has the permissions of the old.
    try AtomicFile.write("new", to: path)
    var status = stat()
    #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
    #expect(try readFile(path) == Array("new".utf8))
  }

  @Test func aLinkStaysALink() throws {
    let folder = try Folder()
    let (target, link) = (folder.path + "/target", folder.path + "/link")
    try AtomicFile.write("old", to: target)
    #expect(unsafe symlink("target", link) == 0)
    try AtomicFile.write("new", to: link)
    #expect(try readFile(target) == Array("new".utf8))
    var status = stat()
    #expect(unsafe lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
  }

  @Test func tensorsAreFourBytesAnElement() throws {
    let folder = try Folder()
    let path = folder.path + "/t"
    let tensor = Tensor([1, -2.5, .infinity], shape: [3])
    var file = try AtomicFile(path: path)
    try file.write(elementsOf: tensor)
    try file.write(elementsOf: Tensor.zeros([0]))
    try file.commit()
    #expect(
      try readFile(path) == [0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 0, 0, 0x80, 0x7f])
    let mapped = try MappedFile(path: path)
    #expect(mapped.count == 12)
    let read = mapped.withBytes { Tensor(bytes: $0.extracting(4..<12), shape: [2]) }
    #expect(read.elements == [-2.5, .infinity])
  }

  @Test func emptyFiles() throws {
    let folder = try Folder()
    let path = folder.path + "/empty"
    try AtomicFile.write("", to: path)
    #expect(try readFile(path) == [])
    let mapped = try MappedFile(path: path)
    #expect(mapped.count == 0 && mapped.withBytes { $0.isEmpty })
  }

  @Test func errorsNameTheFileAndTheReason() throws {
    let folder = try Folder()
    let missing = folder.path + "/none/a"
    #expect(throws: FileError(path: missing, operation: .open, code: ENOENT)) {
      try readFile(missing)
    }
    #expect(throws: FileError(path: missing, operation: .open, code: ENOENT)) {
      _ = try MappedFile(path: missing)
    }
    #expect(throws: FileError(path: missing, operation: .create, code: ENOENT)) {
      try AtomicFile.write("", to: missing)
    }
    #expect(throws: FileError(path: folder.path, operation: .read, code: EISDIR)) {
      try readFile(folder.path)
    }
    #expect(throws: FileError(path: folder.path, operation: .map, code: EISDIR)) {
      _ = try MappedFile(path: folder.path)
    }
    #expect(throws: FileError(path: folder.path, operation: .create, code: EISDIR)) {
      try AtomicFile.write("", to: folder.path)
    }
    #expect(folder.names == [])
    #expect(
      FileError(path: "a", operation: .open, code: ENOENT).description
        == "cannot open a: No such file or directory")
  }

  @Test func aDeviceIsWrittenDirectly() throws {
    try AtomicFile.write("nowhere", to: "/dev/null")
    #expect(throws: FileError(path: "/dev/null", operation: .map, code: ENODEV)) {
      _ = try MappedFile(path: "/dev/null")
    }
    #expect(try readFile("/dev/null") == [])
    #if os(Linux)
      #expect(throws: FileError(path: "/dev/full", operation: .write, code: ENOSPC)) {
        try AtomicFile.write("too much", to: "/dev/full")
      }
    #endif
  }

  @Test func aPipeIsWrittenAndReadDirectly() async throws {
    let folder = try Folder()
    let path = folder.path + "/pipe"
    #expect(unsafe mkfifo(path, 0o600) == 0)
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    async let written: Void = AtomicFile.write(bytes, to: path)
    let found = try readFile(path)
    try await written
    #expect(found == bytes)
    #expect(folder.names == ["pipe"])
  }
}
