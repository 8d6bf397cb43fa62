import CSampler
import Glibc

/// The functions of the program that runs, by their addresses, as its file names them.
///
/// Only 64-bit ELF files of the processor's own byte order are read (System V ABI, "Symbol Table");
/// what a shared library holds is told by the dynamic linker instead.
struct SymbolTable {
    private struct Symbol {
        var address: UInt
        var byteCount: UInt
        var name: String
    }

    /// In the order of their addresses.
    private var symbols: [Symbol] = []
    /// How far from the addresses in its file the program was loaded.
    private let slide: UInt

    /// Reads the file of this process; empty if it has no symbols.
    init() {
        slide = sampler_slide()
        guard let bytes = Self.ownFile() else { return }
        symbols = Self.functions(in: bytes)
        symbols.sort { $0.address < $1.address }
    }

    /// The mangled name of the function that an address of this process is in; nil if it is none
    /// of the program's own.
    func name(at address: UInt) -> String? {
        let place = address &- slide
        var low = 0
        var high = symbols.count
        while low < high {
            let middle = (low + high) / 2
            if symbols[middle].address <= place { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return nil }
        let found = symbols[low - 1]
        return place - found.address < max(found.byteCount, 1) ? found.name : nil
    }

    private static func ownFile() -> [UInt8]? {
        let file = open("/proc/self/exe", O_RDONLY)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes {
                Glibc.read(file, $0.baseAddress! + count, $0.count - count)
            }
            if read <= 0 { return nil }
            count += read
        }
        return bytes
    }

    private static func functions(in bytes: [UInt8]) -> [Symbol] {
        bytes.withUnsafeBytes { file in
            func read<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type) -> Int? {
                guard offset >= 0, offset + MemoryLayout<Number>.size <= file.count else {
                    return nil
                }
                return Int(truncatingIfNeeded: file.loadUnaligned(fromByteOffset: offset, as: type))
            }
            guard file.count > 64, file[0...3].elementsEqual([0x7F, 0x45, 0x4C, 0x46]),
                file[4] == 2, let sections = read(40, as: UInt64.self),
                let entrySize = read(58, as: UInt16.self), let count = read(60, as: UInt16.self)
            else { return [] }
            var found: [Symbol] = []
            for number in 0..<count {
                let section = sections + number * entrySize
                guard read(section + 4, as: UInt32.self) == 2,  // SHT_SYMTAB
                    let start = read(section + 24, as: UInt64.self),
                    let size = read(section + 32, as: UInt64.self),
                    let link = read(section + 40, as: UInt32.self),
                    let names = read(sections + link * entrySize + 24, as: UInt64.self)
                else { continue }
                for symbol in stride(from: start, to: start + size, by: 24) {
                    guard let kind = read(symbol + 4, as: UInt8.self), kind & 15 == 2,  // STT_FUNC
                        let name = read(symbol, as: UInt32.self),
                        let address = read(symbol + 8, as: UInt64.self), address != 0,
                        let byteCount = read(symbol + 16, as: UInt64.self)
                    else { continue }
                    let text = file[(names + name)...].prefix { $0 != 0 }
                    found.append(
                        Symbol(
                            address: UInt(address), byteCount: UInt(byteCount),
                            name: String(decoding: text, as: UTF8.self)))
                }
            }
            return found
        }
    }
}
