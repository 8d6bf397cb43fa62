import JSON
import Workloads

extension WorkloadProfile {
    func json(name: String) -> JSONValue {
        [
            "workload": .string(name),
            "changes": .integer(Int64(changeCount)),
            "steps": .integer(Int64(stepCount)),
            "milliseconds": .integer(Int64(duration / .milliseconds(1))),
            "tables": .array(
                tables.map {
                    [
                        "name": .string($0.name), "written": .integer(Int64($0.written)),
                        "deleted": .integer(Int64($0.deleted)),
                        "nulls": .integer(Int64($0.nulls)), "values": .integer(Int64($0.values)),
                    ]
                }),
            "measures": .array(
                measures.map {
                    [
                        "name": .string($0.name), "value": .number($0.value),
                        "low": .number($0.low), "high": .number($0.high),
                        "unit": .string($0.unit), "inside": .bool($0.isInside),
                        "source": .string($0.source),
                    ]
                }),
            "shapes": .array(shapes.map(Self.json)),
        ]
    }

    private static func json(_ shape: Shape) -> JSONValue {
        [
            "name": .string(shape.name), "source": .string(shape.source),
            "bars": .array(
                shape.bars.map {
                    [
                        "label": .string($0.label),
                        "observedPartsPerMillion": .integer(Int64($0.observed)),
                        "statedPartsPerMillion": .integer(Int64($0.stated)),
                    ]
                }),
        ]
    }
}
