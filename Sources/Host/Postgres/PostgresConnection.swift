/// A connection to a PostgreSQL server, for commands: each question is waited for.
///
/// It speaks protocol 3.0 without TLS: simple queries, COPY in both directions, and replication.
public final class PostgresConnection {
    /// How long an answer may take to begin, in seconds.
    private static let patience = 300.0

    private let conversation: ByteConversation
    private var buffer: [UInt8] = []
    private var head = 0
    /// What the server said of its settings, such as `server_version`.
    public private(set) var settings: [String: String] = [:]

    /// Connects and is let in.
    ///
    /// - Parameter isReplication: Whether the connection can stream changes.
    /// - Throws: `PostgresError`.
    public init(_ address: PostgresAddress, isReplication: Bool) throws(PostgresError) {
        do { conversation = try ByteConversation(address.service) } catch {
            throw .connection(
                reason: "PostgreSQL cannot be reached at \(address.service): \(reason(of: error))")
        }
        var settings = [
            ("user", address.user), ("database", address.database),
            ("application_name", "wavetank"), ("client_encoding", "UTF8"),
            // So that values have one text, wherever the server is.
            ("DateStyle", "ISO"), ("TimeZone", "UTC"), ("IntervalStyle", "postgres"),
            ("extra_float_digits", "3"), ("bytea_output", "hex"),
        ]
        if isReplication { settings.append(("replication", "database")) }
        var body: [UInt8] = []
        PostgresMessage.append(Int32(196_608), to: &body)
        for (name, value) in settings {
            body += PostgresMessage.text(name) + PostgresMessage.text(value)
        }
        try send(PostgresMessage.encode(nil, body + [0]))
        try authenticate(address)
        while true {
            let message = try next()
            if message.type == UInt8(ascii: "Z") { return }
        }
    }

    public func close() { conversation.close() }

    // MARK: Messages

    private func send(_ bytes: [UInt8]) throws(PostgresError) {
        do { try conversation.send(bytes) } catch {
            throw .connection(reason: "the connection to PostgreSQL broke: \(error)")
        }
    }

    /// The next message that is no notice; an error is thrown.
    private func next() throws(PostgresError) -> PostgresMessage {
        guard let message = try next(timeout: Self.patience) else {
            throw .connection(reason: "PostgreSQL does not answer")
        }
        return message
    }

    /// The same; nil if none arrives in so many seconds.
    private func next(timeout: Double) throws(PostgresError) -> PostgresMessage? {
        while true {
            guard let message = try whole() else {
                guard let bytes = conversation.receive(timeout: timeout) else { return nil }
                if bytes.isEmpty {
                    throw .connection(
                        reason: "the connection to PostgreSQL broke: \(conversation.reason)")
                }
                buffer.removeSubrange(..<head)
                head = 0
                buffer += bytes
                continue
            }
            switch message.type {
            case UInt8(ascii: "E"): throw message.failure
            case UInt8(ascii: "N"): continue
            case UInt8(ascii: "S"):
                var fields = PostgresFields(message.body)
                let name = try fields.text()
                settings[name] = try fields.text()
            default: return message
            }
        }
    }

    /// A message that has arrived as a whole.
    private func whole() throws(PostgresError) -> PostgresMessage? {
        guard buffer.count - head >= 5 else { return nil }
        let length = buffer[(head + 1)..<(head + 5)].reduce(0) { $0 << 8 | Int($1) }
        guard length >= 4, length <= PostgresMessage.byteLimit else {
            throw .connection(reason: "this is no server of PostgreSQL")
        }
        guard buffer.count - head >= length + 1 else { return nil }
        defer { head += length + 1 }
        return PostgresMessage(
            type: buffer[head], body: Array(buffer[(head + 5)..<(head + 1 + length)]))
    }

    // MARK: Being let in

    private func authenticate(_ address: PostgresAddress) throws(PostgresError) {
        var exchange: ScramExchange?
        while true {
            let message = try next()
            guard message.type == UInt8(ascii: "R") else {
                throw .connection(reason: "this is no server of PostgreSQL")
            }
            var fields = PostgresFields(message.body)
            let method: Int32 = try fields.integer()
            if method == 0 {
                if let exchange, !exchange.isVerified {
                    throw .authentication(reason: "the server does not prove that it is right")
                }
                return
            }
            guard let password = address.password else {
                throw .authentication(
                    reason: "PostgreSQL asks for a password of \(address.user): set PGPASSWORD")
            }
            switch method {
            case 3: try send(PostgresMessage.encode("p", PostgresMessage.text(password)))
            case 5:
                let salt = try fields.bytes(4)
                let inner = MD5.hexadecimal(Array((password + address.user).utf8))
                let answer = "md5" + MD5.hexadecimal(Array(inner.utf8) + salt)
                try send(PostgresMessage.encode("p", PostgresMessage.text(answer)))
            case 10:
                exchange = try begin(&fields, password)
            case 11:
                let text = String(decoding: fields.rest(), as: UTF8.self)
                let answer = try exchange?.answer(to: text) ?? ""
                try send(PostgresMessage.encode("p", Array(answer.utf8)))
            case 12:
                try exchange?.verify(String(decoding: fields.rest(), as: UTF8.self))
            default:
                throw .authentication(
                    reason: "PostgreSQL wants to know the user in a way that is not spoken here "
                        + "(\(method)); SCRAM-SHA-256, md5 and passwords are")
            }
        }
    }

    private func begin(
        _ fields: inout PostgresFields, _ password: String
    ) throws(PostgresError) -> ScramExchange {
        var mechanisms: [String] = []
        while !fields.isAtEnd { mechanisms.append(try fields.text()) }
        guard mechanisms.contains(ScramExchange.mechanism) else {
            throw .authentication(
                reason: "PostgreSQL offers \(mechanisms.joined(separator: " ")), and not "
                    + ScramExchange.mechanism)
        }
        var source = SystemRandomNumberGenerator()
        let nonce = (0..<3).map { _ in String(source.next(), radix: 36) }.joined()
        let exchange = ScramExchange(password: password, nonce: nonce)
        let first = Array(exchange.first.utf8)
        var body = PostgresMessage.text(ScramExchange.mechanism)
        PostgresMessage.append(Int32(first.count), to: &body)
        try send(PostgresMessage.encode("p", body + first))
        return exchange
    }

    // MARK: Queries

    /// The rows of a statement, as text; nil for null.
    @discardableResult
    public func query(_ statement: String) throws(PostgresError) -> [[String?]] {
        try send(PostgresMessage.encode("Q", PostgresMessage.text(statement)))
        var rows: [[String?]] = []
        var failure: PostgresError?
        while true {
            let message: PostgresMessage
            do throws(PostgresError) { message = try next() } catch {
                if case .connection = error { throw error }
                // The server is ready again after it.
                failure = failure ?? error
                continue
            }
            switch message.type {
            case UInt8(ascii: "D"):
                var fields = PostgresFields(message.body)
                var row: [String?] = []
                for _ in 0..<(try fields.integer(Int16.self)) {
                    let size = Int(try fields.integer(Int32.self))
                    row.append(
                        size < 0 ? nil : String(decoding: try fields.bytes(size), as: UTF8.self))
                }
                rows.append(row)
            case UInt8(ascii: "Z"):
                if let failure { throw failure }
                return rows
            default: break
            }
        }
    }

    /// Runs COPY ... TO STDOUT; each line of its text format without its end is given to `take`.
    public func copy(
        _ statement: String, _ take: ([UInt8]) throws -> Void
    ) throws {
        try send(PostgresMessage.encode("Q", PostgresMessage.text(statement)))
        while true {
            let message = try next()
            switch message.type {
            case UInt8(ascii: "d"):
                let hasEnd = message.body.last == UInt8(ascii: "\n")
                try take(hasEnd ? Array(message.body.dropLast()) : message.body)
            case UInt8(ascii: "Z"): return
            default: break
            }
        }
    }

    // MARK: Streaming

    /// Runs a statement that begins to copy in both directions, as START_REPLICATION.
    public func startStreaming(_ statement: String) throws(PostgresError) {
        try send(PostgresMessage.encode("Q", PostgresMessage.text(statement)))
        while try next().type != UInt8(ascii: "W") {}
    }

    /// The next part of the stream; nil if none arrives in so many seconds.
    public func nextPart(timeout: Double) throws(PostgresError) -> [UInt8]? {
        guard let message = try next(timeout: timeout) else { return nil }
        guard message.type == UInt8(ascii: "d") else {
            throw .connection(reason: "PostgreSQL ended the stream")
        }
        return message.body
    }

    public func sendPart(_ bytes: [UInt8]) throws(PostgresError) {
        try send(PostgresMessage.encode("d", bytes))
    }

    /// Ends the stream; the server has heard all that was sent to it when this returns.
    public func stopStreaming() throws(PostgresError) {
        try send(PostgresMessage.encode("c", []))
        while try next().type != UInt8(ascii: "Z") {}
    }
}
