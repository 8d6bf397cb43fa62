import Columnar
import Fluss
import Glibc
public import Host
import JSON

/// The tables of a served process, over its HTTP interface.
public final class IngestTarget {
    /// How long a request is tried, in seconds.
    public var patience: Double = 600
    /// Whether the caller wants it to end; asked while it waits.
    public var isStopped: () -> Bool = { false }
    /// Buckets of tables that are made; nil for the server's standard.
    public var bucketCount: Int?
    /// Of tables that are made, by Fluss's names.
    public var properties: [(name: String, value: String)] = []
    /// Requests that were sent more than once.
    public internal(set) var repeatedCount: Int64 = 0
    /// Is told why a request is sent again.
    public var onTrouble: (String) -> Void = { _ in }

    public let url: String
    private let transport: Transport

    /// Carries a request: method, path, type of the body, body.
    typealias Transport =
        (String, String, String?, [UInt8]) throws(HostError) -> HTTPConversation.Answer

    /// A process at `http://HOST:PORT` or, with TLS, `https://HOST:PORT`; nothing is sent yet.
    ///
    /// - Throws: `IngestError.target` if this is no such address.
    public init(
        _ url: String, credentials: HTTPConversation.Credentials? = nil,
        authorities: String? = nil
    ) throws(IngestError) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        let conversation: HTTPConversation
        do throws(HostError) {
            conversation = try HTTPConversation(
                self.url, credentials: credentials, authorities: authorities)
        } catch {
            throw .target(reason: "\(error)")
        }
        transport = { method, path, contentType, body throws(HostError) in
            try conversation.ask(method, path, contentType: contentType, body: body)
        }
    }

    init(_ url: String, _ transport: @escaping Transport) {
        self.url = url
        self.transport = transport
    }

    /// What a definite answer says: of what was not answered, and of 503 and 504, the request is
    /// sent again, so it has to be one that may be carried out twice or knows itself again.
    func ask(
        _ method: String, _ path: String, contentType: String = "application/json",
        _ body: [UInt8] = []
    ) throws(IngestError) -> HTTPConversation.Answer {
        let start = Self.seconds
        var wait = 0.05
        while true {
            var trouble: String
            do throws(HostError) {
                let answer = try transport(
                    method, path, body.isEmpty ? nil : contentType, body)
                if answer.status != 503 && answer.status != 504 { return answer }
                trouble = Self.detail(answer)
            } catch {
                trouble = "\(error)"
            }
            if isStopped() { throw .stopped }
            if Self.seconds - start >= patience {
                throw .unavailable(
                    reason: "\(url) does not take the rows: \(trouble); the same command goes on "
                        + "when it does")
            }
            onTrouble(trouble)
            repeatedCount += 1
            usleep(UInt32(wait * 1_000_000))
            wait = min(2, wait * 2)
        }
    }

    /// Seconds on the monotonic clock.
    static var seconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func detail(_ answer: HTTPConversation.Answer) -> String {
        let problem = try? JSONValue(parsing: answer.body)
        return problem?["detail"]?.string
            ?? "status \(answer.status): "
            + String(decoding: answer.body.prefix(200), as: UTF8.self)
    }

    static func code(_ answer: HTTPConversation.Answer) -> String? {
        (try? JSONValue(parsing: answer.body))?["code"]?.string
    }

    /// The answer to a request that has to succeed.
    func done(
        _ method: String, _ path: String, _ body: JSONValue? = nil
    ) throws(IngestError) -> JSONValue {
        let answer = try ask(method, path, body.map { Array($0.compact.utf8) } ?? [])
        guard (200..<300).contains(answer.status) else {
            throw .target(reason: "\(url) refuses: \(Self.detail(answer))")
        }
        return (try? JSONValue(parsing: answer.body)) ?? .null
    }

    /// A writer that nobody else has.
    func newWriter() throws(IngestError) -> String {
        guard let writer = try done("POST", "/api/v1/writers", [:])["writer"]?.string else {
            throw .target(reason: "\(url) is no wavetank: it draws no writer")
        }
        return writer
    }

    /// The part of a path that names a table.
    static func path(_ database: String, _ table: String? = nil) -> String {
        let path = "/api/v1/databases/\(escaped(database))/tables"
        return table.map { "\(path)/\(escaped($0))" } ?? path
    }

    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "_"):
                bytes.append(byte)
            default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
