import CSampler
import Glibc

/// Notes where this process is, a thousand times in a second of processor time.
///
/// It sees what runs, not what waits. Frames are followed by their frame pointers, which Swift
/// keeps; a C library that keeps none hides at most its own callers.
public final class ProcessorSampler {
    /// One function of the program, or of a library that it uses.
    public struct Frame: Hashable, Sendable {
        /// The function, as Swift writes it where it is one of Swift's.
        public var function: String
        /// The file name of the shared library that it is in; nil for the program itself.
        public var library: String?
    }

    /// Samples a second.
    public static let rate = 997
    private static let wordCount = Int(SAMPLER_WORDS)
    private let words: UnsafeMutableBufferPointer<UInt>
    private let capacity: Int
    private var isRunning = false

    /// Room for `seconds` of processor time; what comes later is counted and not kept.
    public init(seconds: Int) {
        precondition(seconds > 0 && seconds <= 3600, "room for \(seconds) seconds of samples")
        capacity = seconds * Self.rate
        words = .allocate(capacity: capacity * Self.wordCount)
        words.initialize(repeating: 0)
    }

    deinit {
        if isRunning { _ = sampler_stop() }
        words.deallocate()
    }

    /// Begins; only one sampler of a process can run. Throws `HostError`.
    public func start() throws {
        precondition(!isRunning, "a sampler that runs is started")
        let error = sampler_start(Int32(Self.rate), words.baseAddress!, capacity)
        if error != 0 {
            throw HostError.measurement(
                reason: "the processor's timer: \(String(cString: strerror(error)))")
        }
        isRunning = true
    }

    /// Ends, and answers the frames of each sample, the innermost first.
    public func stop() -> [[Frame]] {
        precondition(isRunning, "a sampler that does not run is stopped")
        let count = min(sampler_stop(), capacity)
        isRunning = false
        let table = SymbolTable()
        var known: [UInt: Frame] = [:]
        return (0..<count).map { number in
            let sample = words[(number * Self.wordCount)...].prefix(Self.wordCount)
            let addresses = sample.dropFirst().prefix(Int(sample.first!))
            return addresses.map { address in
                if let frame = known[address] { return frame }
                let frame = Self.frame(at: address, table)
                known[address] = frame
                return frame
            }
        }
    }

    private static func frame(at address: UInt, _ table: SymbolTable) -> Frame {
        if let name = table.name(at: address) {
            return Frame(function: demangled(name), library: nil)
        }
        var path: UnsafePointer<CChar>?
        var function: UnsafePointer<CChar>?
        guard sampler_library(address, &path, &function) != 0, let path else {
            return Frame(function: "?", library: nil)
        }
        return Frame(
            function: function.map { demangled(String(cString: $0)) } ?? "?",
            library: String(String(cString: path).split(separator: "/").last ?? "?"))
    }

    private static func demangled(_ name: String) -> String {
        guard let text = sampler_demangle(name) else { return name }
        defer { free(text) }
        return String(cString: text)
    }
}
