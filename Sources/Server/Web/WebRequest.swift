/// A request of HTTP, read from what a client sent and checked at the door.
public struct WebRequest: Hashable, Sendable {
    /// In upper case.
    public var method: String
    /// The parts of the path between slashes, unescaped.
    public var path: [String]
    /// Names and values, unescaped, in the order in which they were sent.
    public var query: [Parameter]
    /// With lower-case names.
    public var headers: [Parameter]
    public var body: [UInt8]

    public struct Parameter: Hashable, Sendable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Reads a request's target, such as `/v1/tables?limit=3`; nil if it is none.
    public init?(
        method: String, target: String, headers: [Parameter] = [], body: [UInt8] = []
    ) {
        guard target.utf8.first == UInt8(ascii: "/") else { return nil }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        path = []
        for part in parts[0].dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let part = Self.unescaped(part.utf8, plusIsSpace: false) else { return nil }
            path.append(part)
        }
        query = []
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.unescaped(sides[0].utf8, plusIsSpace: true),
                let value = sides.count > 1
                    ? Self.unescaped(sides[1].utf8, plusIsSpace: true) : ""
            else { return nil }
            query.append(Parameter(name, value))
        }
        self.headers = headers
        self.body = body
    }

    /// The first value of a parameter of the query.
    public func parameter(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The first value of a header.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    private static func unescaped(
        _ text: some Collection<UInt8>, plusIsSpace: Bool
    ) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, let high = digit(rest.removeFirst()),
                    let low = digit(rest.removeFirst())
                else { return nil }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
