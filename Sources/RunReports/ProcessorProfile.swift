public import JSON

/// Where the processor time of a run went, by module: a share of samples, so a wall figure.
public struct ProcessorProfile: Sendable, Hashable {
    /// What a module's time went to.
    public enum Part: String, Sendable, CaseIterable {
        /// The module's own functions.
        case own
        /// The Swift runtime and standard library on its behalf: counts of references, arrays.
        case runtime
        /// Memory that it asked for and gave back.
        case memory
        /// C libraries that it called, and the kernel.
        case libraries
    }

    public struct Module: Sendable, Hashable {
        public var name: String
        public var counts: [Part: Int] = [:]
        public var sampleCount: Int { Part.allCases.reduce(0) { $0 + (counts[$1] ?? 0) } }

        func counted(_ part: Part) -> JSONValue { .integer(Int64(counts[part] ?? 0)) }
    }

    public struct Function: Sendable, Hashable {
        public var module: String
        public var name: String
        /// Samples in it and in what it called of the runtime and of libraries.
        public var sampleCount: Int
    }

    public let sampleCount: Int
    /// The most expensive first.
    public let modules: [Module]
    /// The most expensive first.
    public let functions: [Function]

    /// What stands for time that no module of Swift is known to have asked for.
    static let unknown = "(other)"
    private static let runtimes: Set<String> = [
        "Swift", "_Concurrency", "_StringProcessing", "Foundation", "FoundationEssentials",
        "Synchronization", "Glibc",
    ]
    private static let allocators = [
        "malloc", "free", "calloc", "realloc", "_int_", "cfree", "posix_memalign", "aligned_alloc",
        "je_", "arena_", "tcache_",
    ]

    /// Counts samples, each the functions of its frames from the innermost on, with the shared
    /// libraries that they are in.
    public init(_ samples: [[(function: SampledFunction, library: String?)]]) {
        var parts: [String: Module] = [:]
        var owners: [SampledFunction: Int] = [:]
        for frames in samples {
            guard let inner = frames.first else { continue }
            let owner = frames.first { $0.function.module.map(Self.isOurs) ?? false }?.function
            let name = owner?.module ?? Self.unknown
            let part = owner == inner.function ? .own : Self.part(inner.function, inner.library)
            parts[name, default: Module(name: name)].counts[part, default: 0] += 1
            if let owner { owners[owner, default: 0] += 1 }
        }
        sampleCount = samples.count
        modules = parts.values.sorted { ($1.sampleCount, $0.name) < ($0.sampleCount, $1.name) }
        functions = owners.map {
            Function(module: $0.key.module!, name: $0.key.name, sampleCount: $0.value)
        }.sorted { ($1.sampleCount, $0.module, $0.name) < ($0.sampleCount, $1.module, $1.name) }
    }

    private static func isOurs(_ module: String) -> Bool { !runtimes.contains(module) }

    private static func part(_ function: SampledFunction, _ library: String?) -> Part {
        if library?.hasPrefix("libjemalloc") == true { return .memory }
        if allocators.contains(where: { function.name.hasPrefix($0) }) { return .memory }
        if library?.hasPrefix("libswift") == true || function.module != nil { return .runtime }
        return .libraries
    }

    // MARK: Text

    /// A table of the modules, and one of the `count` functions that cost most.
    public func text(functions count: Int) -> String {
        var lines = [
            Self.padded("module", 16) + " share    own  runtime  memory  libraries"
        ]
        for module in modules {
            let shares = Part.allCases.map { share(module.counts[$0] ?? 0) }
            lines.append(
                Self.padded(module.name, 16) + Self.aligned(share(module.sampleCount), 6)
                    + Self.aligned(shares[0], 7) + Self.aligned(shares[1], 9)
                    + Self.aligned(shares[2], 8) + Self.aligned(shares[3], 11))
        }
        lines += ["", " share  function, with what it called of the runtime and of libraries"]
        for function in functions.prefix(count) {
            lines.append(
                Self.aligned(share(function.sampleCount), 6)
                    + "  \(function.module).\(function.name)")
        }
        return lines.joined(separator: "\n")
    }

    /// A share in percent with one decimal.
    private func share(_ count: Int) -> String {
        let tenths = (count * 1000 + sampleCount / 2) / max(sampleCount, 1)
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func aligned(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    // MARK: JSON

    public var json: JSONValue {
        [
            "format": "wavetank processor profile, wall figures, 1",
            "samples": .integer(Int64(sampleCount)),
            "modules": .array(
                modules.map { module in
                    [
                        "name": .string(module.name), "own": module.counted(.own),
                        "runtime": module.counted(.runtime), "memory": module.counted(.memory),
                        "libraries": module.counted(.libraries),
                    ]
                }),
            "functions": .array(
                functions.map {
                    [
                        "module": .string($0.module), "name": .string($0.name),
                        "samples": .integer(Int64($0.sampleCount)),
                    ]
                }),
        ]
    }
}
