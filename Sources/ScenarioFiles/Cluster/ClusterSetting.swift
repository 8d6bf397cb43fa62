import Cluster

/// One key of `cluster`, and what it sets in the engine.
struct ClusterSetting: Sendable {
    typealias Configuration = ClusterConfiguration

    let field: Field
    /// Nothing, for what the engine is not told.
    let apply: @Sendable (CheckedRecord, inout Configuration) -> Void

    var name: String { field.name }

    /// The same, with bounds between which a seed may draw it.
    func drawn(_ low: String, _ high: String) -> ClusterSetting {
        ClusterSetting(field: field.drawn(low, high), apply: apply)
    }

    /// What is no setting of the engine: how many nodes there are, and how clients are.
    static func ofRun(
        _ name: String, _ shape: Shape, _ byDefault: String, _ meaning: String
    ) -> ClusterSetting {
        ClusterSetting(field: Field(name, shape, .byDefault(byDefault), meaning)) { _, _ in }
    }

    /// A count; the engine's own default unless another is said.
    static func count(
        _ name: String, _ range: ClosedRange<Int>,
        _ path: any WritableKeyPath<Configuration, Int> & Sendable, _ meaning: String
    ) -> ClusterSetting {
        let byDefault = String(Configuration()[keyPath: path])
        return ClusterSetting(
            field: Field(name, .integer(range), .byDefault(byDefault), meaning)
        ) { $1[keyPath: path] = $0.integer(name) }
    }

    static func bytes(
        _ name: String, _ range: ClosedRange<Int>,
        _ path: any WritableKeyPath<Configuration, Int> & Sendable, _ meaning: String
    ) -> ClusterSetting {
        let byDefault = Units.bytes.write(Int64(Configuration()[keyPath: path]))
        return ClusterSetting(
            field: Field(name, .byteCount(range), .byDefault(byDefault), meaning)
        ) { $1[keyPath: path] = $0.integer(name) }
    }

    static func bytes(
        _ name: String, _ range: ClosedRange<Int>,
        _ path: any WritableKeyPath<Configuration, Int64> & Sendable, _ meaning: String
    ) -> ClusterSetting {
        let byDefault = Units.bytes.write(Configuration()[keyPath: path])
        return ClusterSetting(
            field: Field(name, .byteCount(range), .byDefault(byDefault), meaning)
        ) { $1[keyPath: path] = Int64($0.integer(name)) }
    }

    /// A bound in bytes that the engine does not have where it is not said.
    static func bound(
        _ name: String, _ range: ClosedRange<Int>,
        _ path: any WritableKeyPath<Configuration, Int64?> & Sendable, _ meaning: String,
        example: String
    ) -> ClusterSetting {
        ClusterSetting(
            field: Field(name, .byteCount(range), .optional, meaning, example: example)
        ) { $1[keyPath: path] = Int64($0.integer(name)) }
    }

    /// A bound on a number of requests, as above.
    static func bound(
        _ name: String, _ range: ClosedRange<Int>,
        requests path: any WritableKeyPath<Configuration, Int64?> & Sendable, _ meaning: String,
        example: String
    ) -> ClusterSetting {
        ClusterSetting(field: Field(name, .integer(range), .optional, meaning, example: example)) {
            $1[keyPath: path] = Int64($0.integer(name))
        }
    }

    static func duration(
        _ name: String, _ path: any WritableKeyPath<Configuration, Duration> & Sendable,
        _ meaning: String, in range: ClosedRange<Duration> = interval,
        byDefault: Duration? = nil
    ) -> ClusterSetting {
        let text = (byDefault ?? Configuration()[keyPath: path]).shortText
        return ClusterSetting(
            field: Field(name, .duration(range), .byDefault(text), meaning)
        ) { $1[keyPath: path] = $0.duration(name) }
    }

    /// A duration without which the engine never does what it is about.
    static func limit(
        _ name: String, _ path: any WritableKeyPath<Configuration, Duration?> & Sendable,
        _ meaning: String, in range: ClosedRange<Duration> = interval
    ) -> ClusterSetting {
        guard let byDefault = Configuration()[keyPath: path] else {
            preconditionFailure("\(name) has no default")
        }
        return ClusterSetting(
            field: Field(name, .duration(range), .byDefault(byDefault.shortText), meaning)
        ) { $1[keyPath: path] = $0.duration(name) }
    }

    /// A duration that follows from another one where it is not said.
    static func derived(
        _ name: String, _ path: any WritableKeyPath<Configuration, Duration> & Sendable,
        _ meaning: String, example: String
    ) -> ClusterSetting {
        ClusterSetting(
            field: Field(name, .duration(interval), .optional, meaning, example: example)
        ) { $1[keyPath: path] = $0.duration(name) }
    }

    static func choice(
        _ name: String, _ path: any WritableKeyPath<Configuration, Bool> & Sendable,
        _ meaning: String
    ) -> ClusterSetting {
        let byDefault = String(Configuration()[keyPath: path])
        return ClusterSetting(field: Field(name, .boolean, .byDefault(byDefault), meaning)) {
            $1[keyPath: path] = $0.boolean(name)
        }
    }

    static let interval = Duration.milliseconds(100)...Duration.seconds(86_400)
    /// Where a day is short.
    static let age = Duration.milliseconds(100)...Duration.seconds(30 * 86_400)
}
