import Workloads

/// Options that several workloads have.
enum CommonOptions {
    static func rate(_ byDefault: String, _ meaning: String) -> Field {
        Field("rate", .rate, .byDefault(byDefault), meaning).drawn("5/s", "300/s")
    }

    static let writers = Field(
        "writers", .integer(1...1000), .byDefault("4"), "clients that write"
    ).drawn("1", "12")

    static func readers(_ meaning: String) -> Field {
        Field("readers", .integer(0...1000), .byDefault("2"), meaning)
    }

    /// Which tables of a workload there are.
    static func tables(_ names: [String]) -> Field {
        Field(
            "tables",
            .oneOrMany(
                .choice(
                    [Choice(name: "all", meaning: "every one")]
                        + names.map { Choice(name: $0, meaning: "the table of this name") })),
            .byDefault("all"), "the tables that there are; changes of others do not happen")
    }

    /// How many events come late, and how late.
    static let lateEvents = [
        Field("lateEvents", .share, .byDefault("2%"), "events that come late and out of order"),
        Field(
            "lateBy", .duration(.milliseconds(1)...(.seconds(86_400))), .byDefault("10s"),
            "up to how much they are late"),
    ]

    static let burst = Field(
        "burst",
        .record(
            RecordShape([
                Field(
                    "every", .duration(.seconds(1)...(.seconds(86_400))), .required,
                    "between two beginnings", example: "30s"),
                Field(
                    "for", .duration(.milliseconds(1)...(.seconds(86_400))), .required,
                    "how long one lasts", example: "5s"),
                Field(
                    "factor", .integer(2...1000), .required, "times the rate", example: "10"),
            ])), .optional, "times of many events; none when absent",
        example: "{ every: 30s, for: 5s, factor: 10 }")
}

extension CheckedRecord {
    /// The names of a list, none where it says `all`.
    func names(_ name: String) -> [String] {
        let names = list(name).map(\.word)
        return names.contains("all") ? [] : names
    }

    /// How fast the options `rate` and `burst` ask a workload to be.
    var pace: Pace {
        let burst = has("burst") ? record("burst") : nil
        return Pace(
            interval: rate("rate").interval ?? .seconds(1 << 30),
            burstEvery: burst?.duration("every"), burstDuration: burst?.duration("for") ?? .zero,
            burstFactor: burst?.integer("factor") ?? 1)
    }

    /// Up to how much an event is late, in microseconds.
    var lateMicroseconds: Int { max(1, Int(duration("lateBy") / .microseconds(1))) }

    /// Makes an amount larger: a count, a speed or a rate.
    mutating func multiply(_ name: String, by factor: Int) {
        switch values[name]?.content {
        case .integer(let integer): values[name]?.content = .integer(integer * factor)
        case .rate(let rate):
            values[name]?.content = .rate(EventRate(rate.count * factor, per: rate.period))
        case nil: break
        default: preconditionFailure("'\(name)' is no amount")
        }
    }
}
