public import JSON

extension FailureFile {
    public var json: JSONValue {
        let members: JSONValue = [
            "wavetankFailure": .integer(Int64(Self.version)),
            "scenario": .string(scenarioPath),
            "seed": Int64(exactly: seed).map { .integer($0) } ?? .string(String(seed)),
            "length": .string(length.shortText),
            "build": .string(build),
            "traceHash": .string(traceHash),
            "verdict": .string(verdict),
            "violations": .array(violations.map(\.json)),
            "plan": plan.json,
            "scenarioText": .string(scenarioText),
        ]
        var all = members.object ?? []
        if let schedule { all.append(JSONMember("schedule", .string(schedule.rawValue))) }
        if let sketch { all.append(JSONMember("sketch", .string(sketch))) }
        return .object(all)
    }

    public init(json: JSONValue) throws(FailureFileError) {
        do {
            self = try Self.read(json)
        } catch let error as JSONError {
            throw .malformed(error)
        } catch let error as ScenarioErrors {
            throw .invalid(error)
        } catch let error as FailureFileError {
            throw error
        } catch {
            preconditionFailure("an error of another kind: \(error)")
        }
    }

    private static func read(_ json: JSONValue) throws -> FailureFile {
        let version = try json.required("wavetankFailure").integer()
        guard version == Self.version else { throw FailureFileError.unknownVersion(version) }
        var violations: [Violation] = []
        for field in try json.required("violations").array() {
            violations.append(
                Violation(
                    oracle: try field.required("oracle").string(),
                    message: try field.required("message").string(),
                    at: try duration(field.required("at"))))
        }
        return FailureFile(
            scenarioPath: try json.required("scenario").string(),
            scenarioText: try json.required("scenarioText").string(),
            seed: try seed(json.required("seed")),
            length: try duration(json.required("length")),
            plan: try FaultPlan(json: json.required("plan").value, path: "plan"),
            build: try json.required("build").string(),
            traceHash: try json.required("traceHash").string(),
            verdict: try json.required("verdict").string(),
            violations: violations,
            sketch: try json.optional("sketch")?.string(),
            schedule: try json.optional("schedule").map { field in
                guard let schedule = Schedule(rawValue: try field.string()) else {
                    throw JSONError.wrongType(path: field.path, expected: "a schedule")
                }
                return schedule
            })
    }

    /// JSON numbers here end at 2^63-1; a seed above it stands as text.
    private static func seed(_ field: JSONField) throws -> UInt64 {
        if let integer = field.value.integer, let seed = UInt64(exactly: integer) { return seed }
        if let text = field.value.string, let seed = UInt64(text) { return seed }
        throw JSONError.wrongType(path: field.path, expected: "a seed")
    }

    private static func duration(_ field: JSONField) throws -> Duration {
        let text = try field.string()
        do throws(ScalarProblem) {
            let nanoseconds = try Units.time.parse(text)
            guard nanoseconds >= 0 else {
                throw ScalarProblem(message: "'\(text)' is negative")
            }
            return .nanoseconds(nanoseconds)
        } catch {
            throw JSONError.wrongType(path: field.path, expected: "a duration (\(error.message))")
        }
    }
}

extension FailureFile.Violation {
    fileprivate var json: JSONValue {
        ["oracle": .string(oracle), "at": .string(at.shortText), "message": .string(message)]
    }
}
