import Glibc

/// Signs requests as Signature Version 4 has it, for the service S3: the path is escaped once and
/// not normalized.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>
struct S3Signature {
    var credentials: S3Credentials
    var region: String

    /// What is signed of a request, besides its time.
    struct Subject {
        var method: String
        /// Each part escaped.
        var path: String
        /// Names and values, not escaped yet.
        var query: [(name: String, value: String)] = []
        /// Those to be signed, with lower-case names; `host` is among them.
        var headers: [(name: String, value: String)]
        var bodyHash: String
    }

    /// The headers that a request has to carry besides those of the subject.
    func headers(
        for subject: Subject, atSeconds seconds: Int64
    ) -> [(name: String, value: String)] {
        let time = Self.timeText(seconds)
        var subject = subject
        if let token = credentials.sessionToken {
            subject.headers.append(("x-amz-security-token", token))
        }
        let names = Self.signed(subject, at: time, signingBody: true).map(\.name)
        let signature = signature(of: subject, at: time, signingBody: true)
        var added = [("x-amz-content-sha256", subject.bodyHash), ("x-amz-date", time)]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        added.append(
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope(at: time)),"
                    + "SignedHeaders=\(names.joined(separator: ";")),Signature=\(signature)"
            ))
        return added.map { (name: $0.0, value: $0.1) }
    }

    /// The signature of a request at a time, in hexadecimal digits.
    ///
    /// - Parameter signingBody: Whether the header with the body's hash is among those signed.
    func signature(of subject: Subject, at time: String, signingBody: Bool) -> String {
        let signed = Self.signed(subject, at: time, signingBody: signingBody)
        let canonical = [
            subject.method, subject.path, Self.queryText(subject.query),
            signed.map { "\($0.name):\(Self.trimmed($0.value))\n" }.joined(),
            signed.map(\.name).joined(separator: ";"), subject.bodyHash,
        ].joined(separator: "\n")
        let scope = scope(at: time)
        let text = [
            "AWS4-HMAC-SHA256", time, scope,
            SHA256.hexadecimal(SHA256.digest(Array(canonical.utf8))),
        ].joined(separator: "\n")
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for part in scope.split(separator: "/") {
            key = SHA256.authenticationCode(Array(part.utf8), key: key)
        }
        return SHA256.hexadecimal(SHA256.authenticationCode(Array(text.utf8), key: key))
    }

    private func scope(at time: String) -> String { "\(time.prefix(8))/\(region)/s3/aws4_request" }

    /// The headers that are signed, in their order.
    private static func signed(
        _ subject: Subject, at time: String, signingBody: Bool
    ) -> [(name: String, value: String)] {
        var headers = subject.headers + [("x-amz-date", time)]
        if signingBody { headers.append(("x-amz-content-sha256", subject.bodyHash)) }
        return headers.sorted { $0.name < $1.name }
    }

    /// The query of a request, escaped and in the order in which it is signed.
    static func queryText(_ query: [(name: String, value: String)]) -> String {
        query.map { (escaped($0.name), escaped($0.value)) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    /// `YYYYMMDDThhmmssZ`.
    static func timeText(_ seconds: Int64) -> String {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        func padded(_ number: Int32, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return padded(parts.tm_year + 1900, 4) + padded(parts.tm_mon + 1, 2)
            + padded(parts.tm_mday, 2) + "T" + padded(parts.tm_hour, 2) + padded(parts.tm_min, 2)
            + padded(parts.tm_sec, 2) + "Z"
    }

    /// Escapes all bytes but letters, digits and `-._~`.
    static func escaped(_ text: String, keeping kept: String = "") -> String {
        let kept = Array("-._~".utf8) + Array(kept.utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"):
                result.append(byte)
            case _ where kept.contains(byte): result.append(byte)
            default:
                result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Without the spaces at its ends, and one space for several.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ").joined(separator: " ")
    }
}
