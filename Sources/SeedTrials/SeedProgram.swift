import Glibc
import JSON
import RunReports

/// The command line of a program that tries seeds:
///
///     PROGRAM 7                        seed 7, in this process
///     PROGRAM 1..1000 [OPTION...]      many seeds, each in a process of its own
///       --jobs N                       processes at a time; the number of cores if not given
///       --patience N                   seconds after which a seed is stopped
///       --twice                        each seed in two processes, whose traces must be the same
///       --html FILE, --junit FILE      the result as a page, and for pipelines
///
/// - Parameter title: What is tried, in a few words.
/// - Parameter trial: Makes a world of a seed, runs it, and says what did not hold.
/// - Returns: The exit code: 0 all clean, 1 a seed failed, 2 one was stopped, 64 wrong usage.
public func trySeeds(
    title: String, arguments: [String] = CommandLine.arguments, _ trial: (UInt64) -> Trial
) -> Int32 {
    let program = arguments.first ?? "program"
    guard let options = SeedOptions(Array(arguments.dropFirst())) else {
        write(
            "usage: \(program) SEED | FIRST..LAST [--jobs N] [--patience SECONDS] [--twice] "
                + "[--html FILE] [--junit FILE]\n", to: STDERR_FILENO)
        return 64
    }
    func report(_ seed: UInt64) -> RunReport {
        let before = clock()
        let tried = trial(seed)
        return tried.report(
            title: title, seed: seed, cpuSeconds: Double(clock() - before) / 1e6,
            command: "\(program.shellQuoted) \(seed)")
    }
    if options.isWorker {
        // After what the code under test may have printed.
        write("\n" + report(options.seeds.lowerBound).json.compact + "\n", to: STDOUT_FILENO)
        return 0
    }
    if options.seeds.count == 1 && !options.isTwice && options.html == nil && options.junit == nil {
        let report = report(options.seeds.lowerBound)
        write(textSummary(for: report) + "\n", to: STDOUT_FILENO)
        return report.verdict == .pass ? 0 : 1
    }
    let result = SeedProcesses(title: title, program: program, options: options).run()
    write("\(result)\n", to: STDOUT_FILENO)
    var isWritten = true
    if let html = options.html { isWritten = put(htmlPage(for: result), in: html) }
    if let junit = options.junit { isWritten = put(result.junit, in: junit) && isWritten }
    if !isWritten { return 3 }
    if result.seeds.contains(where: \.isFailure) { return 1 }
    return result.cleanCount == result.seeds.count ? 0 : 2
}

/// What the command line asks for.
struct SeedOptions {
    var seeds: ClosedRange<UInt64> = 1...1
    var jobs = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    var patience = 60
    var isTwice = false
    var isWorker = false
    var html: String?
    var junit: String?

    /// Nil if the words are none that there are.
    init?(_ words: [String]) {
        var words = words[...]
        guard let range = words.popFirst() else { return nil }
        let ends = range.split(separator: ".", omittingEmptySubsequences: false)
        guard ends.count == 1 || ends.count == 3 && ends[1].isEmpty,
            let first = UInt64(ends[0]), let last = UInt64(ends[ends.count - 1]), first <= last,
            last - first < 10_000_000
        else { return nil }
        seeds = first...last
        while let word = words.popFirst() {
            if word == "--twice" {
                isTwice = true
            } else if word == "--as-worker" {
                isWorker = true
            } else if let value = words.popFirst() {
                switch word {
                case "--html": html = value
                case "--junit": junit = value
                case "--jobs", "--patience":
                    guard let number = Int(value), (1...100_000).contains(number) else {
                        return nil
                    }
                    if word == "--jobs" { jobs = number } else { patience = number }
                default: return nil
                }
            } else {
                return nil
            }
        }
    }
}

/// Writes all of a text; what cannot be written there is lost.
func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
        let count = bytes[start...].withUnsafeBytes {
            Glibc.write(descriptor, $0.baseAddress, $0.count)
        }
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return }
        start += count
    }
}

/// Puts a text into a file; says why it could not.
private func put(_ text: String, in path: String) -> Bool {
    guard let file = fopen(path, "w") else {
        write("\(path) cannot be written: \(String(cString: strerror(errno)))\n", to: STDERR_FILENO)
        return false
    }
    let isWritten = fputs(text, file) >= 0
    return fclose(file) == 0 && isWritten
}
