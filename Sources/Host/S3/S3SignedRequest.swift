import Glibc

/// A request that came signed by Signature Version 4, to be held against the secret of who signed
/// it.
public struct S3SignedRequest {
    /// The name of who signed it.
    public let accessKey: String
    private let request: HTTPServer.Request
    private let region: String
    private let signedNames: [String]
    private let time: String
    private let signature: String

    /// How far the time of a signature may be from now, in seconds, as S3 has it.
    private static let patience: Int64 = 15 * 60

    /// Nil for a request that bears no such signature.
    public init?(_ request: HTTPServer.Request) {
        let prefix = "AWS4-HMAC-SHA256 "
        guard let header = request.headers.first(where: { $0.name == "authorization" })?.value,
            header.hasPrefix(prefix),
            let time = request.headers.first(where: { $0.name == "x-amz-date" })?.value
        else { return nil }
        var parts: [Substring: Substring] = [:]
        for part in header.dropFirst(prefix.count).split(separator: ",") {
            let sides = part.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if sides.count == 2 { parts[sides[0]] = sides[1] }
        }
        guard let scope = parts["Credential"]?.split(separator: "/"), scope.count == 5,
            scope[3] == "s3", scope[4] == "aws4_request", time.hasPrefix(scope[1]),
            let names = parts["SignedHeaders"]?.split(separator: ";").map(String.init),
            names.contains("host"), names.contains("x-amz-date"),
            let signature = parts["Signature"]
        else { return nil }
        accessKey = String(scope[0])
        region = String(scope[2])
        signedNames = names
        self.request = request
        self.time = time
        self.signature = String(signature)
    }

    /// Whether it was signed with a secret, lately, and its body is the one that was signed.
    public func isSigned(with secret: [UInt8], atSeconds now: Int64) -> Bool {
        guard let seconds = Self.seconds(time), abs(seconds - now) <= Self.patience,
            let bodyHash = bodyHash
        else { return false }
        let own = ["x-amz-date", "x-amz-content-sha256"]
        let target = request.target.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var subject = S3Signature.Subject(
            method: request.method, path: String(target[0]), headers: [], bodyHash: bodyHash)
        for pair in target.count > 1 ? target[1].split(separator: "&") : [] {
            let sides = pair.split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.unescaped(sides[0]),
                let value = Self.unescaped(sides.count > 1 ? sides[1] : "")
            else { return false }
            subject.query.append((name, value))
        }
        for name in signedNames where !own.contains(name) {
            let values = request.headers.filter { $0.name == name }.map(\.value)
            if values.isEmpty { return false }
            subject.headers.append((name, values.joined(separator: ",")))
        }
        guard let text = String(validating: secret, as: UTF8.self) else { return false }
        let signer = S3Signature(
            credentials: S3Credentials(accessKey: accessKey, secretKey: text), region: region)
        let expected = signer.signature(
            of: subject, at: time,
            signingBody: signedNames.contains("x-amz-content-sha256"))
        return Self.isSame(Array(expected.utf8), Array(signature.utf8))
    }

    /// What was signed of the body; nil if the body is another one.
    private var bodyHash: String? {
        guard
            let told = request.headers.first(where: { $0.name == "x-amz-content-sha256" })?.value
        else { return nil }
        // Who signs no body, or each part of it, says so in words.
        if told.count != 64 { return told }
        return told == SHA256.hexadecimal(SHA256.digest(request.body)) ? told : nil
    }

    private static func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        var difference = UInt8(left.count == right.count ? 0 : 1)
        for (one, other) in zip(left, right) { difference |= one ^ other }
        return difference == 0
    }

    /// Reads `YYYYMMDDThhmmssZ`.
    private static func seconds(_ text: String) -> Int64? {
        let digits = Array(text.utf8)
        guard digits.count == 16, digits[8] == UInt8(ascii: "T"), digits[15] == UInt8(ascii: "Z")
        else { return nil }
        func number(_ range: Range<Int>) -> Int32? {
            Int32(String(decoding: digits[range], as: UTF8.self))
        }
        guard let year = number(0..<4), let month = number(4..<6), let day = number(6..<8),
            let hour = number(9..<11), let minute = number(11..<13), let second = number(13..<15)
        else { return nil }
        var parts = tm()
        parts.tm_year = year - 1900
        parts.tm_mon = month - 1
        parts.tm_mday = day
        parts.tm_hour = hour
        parts.tm_min = minute
        parts.tm_sec = second
        return Int64(timegm(&parts))
    }

    private static func unescaped(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte != UInt8(ascii: "%") {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            else { return nil }
            rest = rest.dropFirst(2)
            bytes.append(value)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
