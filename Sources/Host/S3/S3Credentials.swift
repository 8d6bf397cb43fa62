/// A pair of keys for an S3 store, and a token if they are lent for a while.
public struct S3Credentials: Hashable, Sendable {
    public var accessKey: String
    public var secretKey: String
    public var sessionToken: String?

    public init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }

    /// Takes them from where the tools of AWS look: `AWS_ACCESS_KEY_ID` and its like, then the
    /// profile `AWS_PROFILE` or `default` of `~/.aws/credentials` and `~/.aws/config`.
    ///
    /// - Parameter readFile: Answers a file's bytes, or nil if there is none.
    /// - Throws: `HostError.service`, which says where it looked.
    public static func find(
        _ environment: [String: String], readFile: (String) -> [UInt8]?
    ) throws(HostError) -> S3Credentials {
        if let accessKey = environment["AWS_ACCESS_KEY_ID"], !accessKey.isEmpty {
            guard let secretKey = environment["AWS_SECRET_ACCESS_KEY"], !secretKey.isEmpty else {
                throw .service(
                    name: "the S3 store",
                    reason: "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
            }
            return S3Credentials(
                accessKey: accessKey, secretKey: secretKey,
                sessionToken: environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : $0 })
        }
        let profile = environment["AWS_PROFILE"] ?? "default"
        let places = files(environment)
        for path in places {
            guard let bytes = readFile(path) else { continue }
            let settings = section(profile, of: String(decoding: bytes, as: UTF8.self))
            if let accessKey = settings["aws_access_key_id"],
                let secretKey = settings["aws_secret_access_key"]
            {
                return S3Credentials(
                    accessKey: accessKey, secretKey: secretKey,
                    sessionToken: settings["aws_session_token"])
            }
        }
        throw .service(
            name: "the S3 store",
            reason: "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or "
                + "have a profile [\(profile)] in \(places.joined(separator: " or "))")
    }

    /// The region that the environment or the profile names.
    public static func region(
        _ environment: [String: String], readFile: (String) -> [UInt8]?
    ) -> String? {
        for name in ["AWS_REGION", "AWS_DEFAULT_REGION"] {
            if let region = environment[name], !region.isEmpty { return region }
        }
        let profile = environment["AWS_PROFILE"] ?? "default"
        for path in files(environment).reversed() {
            guard let bytes = readFile(path) else { continue }
            let settings = section(profile, of: String(decoding: bytes, as: UTF8.self))
            if let region = settings["region"] { return region }
        }
        return nil
    }

    private static func files(_ environment: [String: String]) -> [String] {
        let home = environment["HOME"] ?? ""
        return [
            environment["AWS_SHARED_CREDENTIALS_FILE"] ?? home + "/.aws/credentials",
            environment["AWS_CONFIG_FILE"] ?? home + "/.aws/config",
        ]
    }

    /// The settings of `[profile]` or `[profile NAME]`, those below others left out.
    private static func section(_ profile: String, of text: String) -> [String: String] {
        var settings: [String: String] = [:]
        var isInside = false
        for line in text.split(separator: "\n") {
            let isIndented = line.first == " "
            let line = trimmed(line)
            if line.isEmpty || line.first == "#" || line.first == ";" { continue }
            if line.first == "[" && line.last == "]" {
                let name = trimmed(line.dropFirst().dropLast())
                isInside = name == profile[...] || name == "profile \(profile)"[...]
                continue
            }
            guard isInside, !isIndented, let equals = line.firstIndex(of: "=") else { continue }
            settings[String(trimmed(line[..<equals]))] = String(
                trimmed(line[line.index(after: equals)...]))
        }
        return settings
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text
    }
}
