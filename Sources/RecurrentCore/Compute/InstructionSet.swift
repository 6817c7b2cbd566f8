import CRecurrentKernels

/// An instruction set that the kernels are built for.
public enum InstructionSet: String, Sendable, CaseIterable, CustomStringConvertible {
  case generic, neon, avx2, avx512

  public var description: String { rawValue }

  /// Those this machine can run, the plainest first.
  public static var available: [InstructionSet] {
    allCases.filter { $0.table(.float32) != nil }
  }

  func table(_ precision: Precision) -> KernelTable? {
    unsafe KernelTable(pointer: rk_kernels_for(code, precision.code))
  }

  private var code: rk_isa {
    switch self {
    case .generic: RK_GENERIC
    case .neon: RK_NEON
    case .avx2: RK_AVX2
    case .avx512: RK_AVX512
    }
  }
}

extension Precision {
  fileprivate var code: rk_precision {
    switch self {
    case .float32: RK_FLOAT32
    case .high: RK_HIGH
    case .bfloat16: RK_BFLOAT16
    }
  }
}

/// The kernels of one instruction set and precision: a table of C functions that lives as long as
/// the program.
@safe package struct KernelTable: @unchecked Sendable {
  let pointer: UnsafePointer<rk_table>

  init?(pointer: UnsafePointer<rk_table>?) {
    guard let pointer = unsafe pointer else { return nil }
    unsafe self.pointer = pointer
  }

  /// What `RECURRENT_ISA` names, or the best this machine has; nil if the name cannot be had.
  static var chosen: KernelTable? { unsafe KernelTable(pointer: rk_default_kernels()) }

  package var instructionSet: InstructionSet {
    InstructionSet(rawValue: unsafe String(cString: pointer.pointee.name))!
  }
  /// What multiplies: "float32", "rounded", "dots", "tiles" or "split"; see ``rk_table``.
  package var products: String { unsafe String(cString: pointer.pointee.products) }
  /// Floats in a vector.
  package var lanes: Int { Int(unsafe pointer.pointee.lanes) }
  /// Units in a packed panel of a matrix.
  package var panel: Int { Int(unsafe pointer.pointee.panel) }
  /// Rows of the register tile.
  package var tileRows: Int { Int(unsafe pointer.pointee.tile_rows) }

  /// Floats that a packed matrix of so many columns has for each unit.
  func packedDepth(_ columns: Int) -> Int {
    Int(unsafe pointer.pointee.packed_depth(Int32(columns)))
  }

  /// Floats of scratch that a program needs for up to so many rows.
  func scratch(_ program: rk_program, rows: Int) -> Int {
    unsafe withUnsafePointer(to: program) {
      Int(unsafe pointer.pointee.run_scratch($0, Int32(rows)))
    }
  }
}
