import JSON

/// With what a line of a hunt's results was made: lines of different origin cannot be one result.
public struct HuntOrigin: Sendable, Hashable {
    /// The options that change what a seed does, as on the command line; empty for none.
    public var options: String
    /// A digest of the scenario's text and of the captures that it names.
    public var scenarioDigest: String
    /// The commit and the configuration of the binary that ran.
    public var build: String

    public init(options: String, scenarioDigest: String, build: String) {
        self.options = options
        self.scenarioDigest = scenarioDigest
        self.build = build
    }

    /// Why lines of the other origin are of another hunt; nil if they are of the same.
    public func difference(from other: HuntOrigin) -> String? {
        func options(_ text: String) -> String { text.isEmpty ? "no options" : text }
        if self.options != other.options {
            return "other settings: \(options(other.options)), here \(options(self.options))"
        }
        if scenarioDigest != other.scenarioDigest {
            return "another text of the scenario or of its captures"
        }
        if build != other.build { return "another build: \(other.build), here \(build)" }
        return nil
    }

    var json: JSONValue {
        [
            "options": .string(options), "scenario": .string(scenarioDigest),
            "build": .string(build),
        ]
    }

    init(field: JSONField) throws(JSONError) {
        options = try field.required("options").string()
        scenarioDigest = try field.required("scenario").string()
        build = try field.required("build").string()
    }
}
