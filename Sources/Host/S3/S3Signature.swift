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
        var added = [("x-amz-content-sha256", subject.bodyHash), ("x-amz-date", time)]
        if let token = credentials.sessionToken { added.append(("x-amz-security-token", token)) }
        let signed = (subject.headers + added.map { (name: $0.0, value: $0.1) }).sorted {
            $0.name < $1.name
        }
        let names = signed.map(\.name).joined(separator: ";")
        let canonical = [
            subject.method, subject.path, Self.queryText(subject.query),
            signed.map { "\($0.name):\(Self.trimmed($0.value))\n" }.joined(), names,
            subject.bodyHash,
        ].joined(separator: "\n")
        let day = String(time.prefix(8))
        let scope = "\(day)/\(region)/s3/aws4_request"
        let text = [
            "AWS4-HMAC-SHA256", time, scope,
            SHA256.hexadecimal(SHA256.digest(Array(canonical.utf8))),
        ].joined(separator: "\n")
        var key = Array("AWS4\(credentials.secretKey)".utf8)
        for part in [day, region, "s3", "aws4_request"] {
            key = SHA256.authenticationCode(Array(part.utf8), key: key)
        }
        let signature = SHA256.hexadecimal(SHA256.authenticationCode(Array(text.utf8), key: key))
        added.append(
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=\(credentials.accessKey)/\(scope),"
                    + "SignedHeaders=\(names),Signature=\(signature)"
            ))
        return added.map { (name: $0.0, value: $0.1) }
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
