import Cluster
import Iceberg
import JSON

extension OpenAPIDescription {
    private static func object(
        _ properties: [(String, JSONValue)], required: [String] = [], isClosed: Bool = false
    ) -> JSONValue {
        var members = [
            JSONMember("type", "object"),
            JSONMember("properties", .object(properties.map { JSONMember($0.0, $0.1) })),
        ]
        if !required.isEmpty {
            members.append(JSONMember("required", .array(required.map { .string($0) })))
        }
        if isClosed { members.append(JSONMember("additionalProperties", false)) }
        return .object(members)
    }

    private static func list(_ element: JSONValue) -> JSONValue {
        ["type": "array", "items": element]
    }

    private static func reference(_ name: String) -> JSONValue {
        ["$ref": .string("#/components/schemas/\(name)")]
    }

    /// What may be null, too, for it to be as if it were left out.
    private static func optional(_ schema: JSONValue) -> JSONValue {
        ["anyOf": [schema, ["type": "null"]]]
    }

    private static let text: JSONValue = ["type": "string"]
    private static let number: JSONValue = ["type": "integer"]
    private static let texts = list(text)
    private static let properties: JSONValue = [
        "type": "object", "additionalProperties": text,
    ]
    /// What names databases and tables.
    private static let name: JSONValue = [
        "type": "string", "pattern": "^(_|_?[A-Za-z0-9-][A-Za-z0-9_-]*)$", "maxLength": 200,
    ]
    private static let columnName: JSONValue = [
        "type": "string", "minLength": 1, "maxLength": 255,
    ]

    /// By name, the parts of what is sent and answered.
    static let schemas = problems + states + definitions + placement + rows

    private static let problems: [JSONMember] = [
        JSONMember(
            "Problem",
            object(
                [
                    ("type", text), ("title", text), ("status", number), ("code", text),
                    ("detail", text), ("acknowledged", number), ("unknown", number),
                    ("refused", number), ("tables", texts),
                ], required: ["type", "title", "status", "code", "detail"]))
    ]

    private static let states: [JSONMember] = [
        JSONMember("Description", object([("openapi", text)], required: ["openapi", "paths"])),
        JSONMember(
            "Cluster",
            object(
                [("servers", list(["type": "object"])), ("services", ["type": "object"])],
                required: ["servers", "services"])),
        JSONMember(
            "Tables", object([("tables", list(["type": "object"]))], required: ["tables"])),
        JSONMember(
            "Buckets", object([("buckets", list(["type": "object"]))], required: ["buckets"])),
        JSONMember(
            "Partitions",
            object([("partitions", list(["type": "object"]))], required: ["partitions"])),
        JSONMember("Lags", object([("lags", list(["type": "object"]))], required: ["lags"])),
        JSONMember(
            "Leaders",
            object([("leaders", ["type": "object"])], required: ["leaders"])),
    ]

    private static let definitions: [JSONMember] = [
        JSONMember("Databases", object([("databases", texts)], required: ["databases"])),
        JSONMember("TableNames", object([("tables", texts)], required: ["tables"])),
        JSONMember(
            "NewDatabase",
            object(
                [
                    ("name", name), ("comment", optional(text)),
                    ("custom_properties", optional(properties)),
                ], required: ["name"])),
        JSONMember(
            "Database",
            object(
                [("name", text), ("comment", text), ("custom_properties", properties)],
                required: ["name", "custom_properties"])),
        JSONMember(
            "DataType",
            [
                "description": .string(
                    "A type as Apache Fluss writes it in JSON, with length, precision, scale, "
                        + "element_type, key_type, value_type or fields where it has them"),
                "type": "object",
                "properties": [
                    "type": [
                        "type": "string",
                        "enum": [
                            "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "FLOAT",
                            "DOUBLE", "STRING", "BYTES", "DATE", "CHAR", "BINARY", "DECIMAL",
                            "TIME_WITHOUT_TIME_ZONE", "TIMESTAMP_WITHOUT_TIME_ZONE",
                            "TIMESTAMP_WITH_LOCAL_TIME_ZONE", "ARRAY", "MAP", "ROW",
                        ],
                    ],
                    "nullable": ["type": ["boolean", "null"]],
                ],
                "required": ["type"],
            ]),
        JSONMember(
            "Column",
            object(
                [("name", columnName), ("data_type", reference("DataType"))],
                required: ["name", "data_type"])),
        JSONMember(
            "Schema",
            object(
                [
                    ("columns", list(reference("Column"))), ("primary_key", optional(texts)),
                    ("auto_increment_column", optional(texts)),
                ], required: ["columns"])),
        JSONMember(
            "NewTable", object([("name", name)] + tableMembers, required: ["name", "schema"])),
        JSONMember(
            "Table",
            object(
                [
                    ("database", text), ("name", text), ("identifier", text),
                    ("schema_id", number),
                ] + tableMembers, required: ["database", "name", "identifier", "schema"])),
        JSONMember(
            "TableChanges",
            object(
                [
                    ("add_columns", list(reference("Column"))), ("drop_columns", texts),
                    ("rename_columns", properties), ("widen_columns", list(reference("Column"))),
                    (
                        "properties",
                        ["type": "object", "additionalProperties": ["type": ["string", "null"]]]
                    ),
                ], isClosed: true)),
    ]

    private static let tableMembers: [(String, JSONValue)] = [
        ("schema", reference("Schema")), ("partition_key", optional(texts)),
        ("bucket_key", optional(texts)),
        ("bucket_count", ["type": ["integer", "null"], "minimum": 1, "maximum": 4096]),
        ("properties", optional(properties)), ("custom_properties", optional(properties)),
    ]

    private static let goals: JSONValue = list([
        "type": "string", "enum": .array(Rebalance.Goal.allCases.map { .string($0.name) }),
    ])

    private static let placement: [JSONMember] = [
        JSONMember(
            "NewRebalance", object([("goals", optional(goals))], isClosed: true)),
        JSONMember(
            "Rebalance",
            object(
                [
                    ("identifier", number),
                    (
                        "status",
                        [
                            "type": "string",
                            "enum": .array(Rebalance.Status.allCases.map { .string($0.name) }),
                        ]
                    ),
                    ("goals", goals), ("round", number), ("completed", number),
                    ("moves", list(["type": "object"])),
                ], required: ["identifier", "status", "goals", "round", "completed", "moves"])),
        JSONMember(
            "NewReassignment",
            object([("replicas", texts)], required: ["replicas"], isClosed: true)),
        JSONMember(
            "BucketPlacement",
            object(
                [
                    ("bucket", number), ("leader", ["type": ["string", "null"]]),
                    ("replicas", texts), ("inSync", texts), ("movingTo", optional(texts)),
                ], required: ["bucket", "leader", "replicas", "inSync", "movingTo"])),
    ]

    private static let rows: [JSONMember] = [
        JSONMember(
            "Row",
            [
                "type": "object",
                "description": .string(
                    "Values by the names of the table's columns: binary as hexadecimal digits, "
                        + "decimals, dates and times as text"),
            ]),
        JSONMember("Rows", list(reference("Row"))),
        JSONMember("GivenRows", ["oneOf": [reference("Row"), list(reference("Row"))]]),
        JSONMember(
            "Nearness",
            object(
                [
                    ("vector", list(["type": "number"])),
                    (
                        "limit",
                        [
                            "type": "integer", "minimum": 1, "default": 10,
                            "maximum": .integer(Int64(ClusterClient.nearestRowLimit)),
                        ]
                    ), ("column", ["type": "string"]), ("columns", texts),
                    ("filter", reference("Filter")),
                ], required: ["vector"], isClosed: true)),
        JSONMember(
            "NearRows",
            list([
                "allOf": [
                    reference("Row"),
                    object([("__distance", ["type": "number"])], required: ["__distance"]),
                ]
            ])),
        JSONMember(
            "Question",
            object(
                [
                    ("query", ["type": "string", "minLength": 1]),
                    (
                        "parameters",
                        optional(list(["type": ["string", "number", "boolean", "null"]]))
                    ),
                    ("database", optional(text)),
                    (
                        "limit",
                        [
                            "type": ["integer", "null"], "minimum": 0,
                            "maximum": .integer(Int64(DataGateway.answerRowLimit)),
                        ]
                    ),
                ], required: ["query"], isClosed: true)),
        JSONMember(
            "FoundRows", list(["anyOf": [reference("Row"), ["type": "null"]]])),
        JSONMember("Writer", object([("writer", text)], required: ["writer"])),
        JSONMember(
            "Written",
            object(
                [
                    ("rows", number),
                    (
                        "buckets",
                        list(
                            object(
                                [
                                    ("bucket", number), ("partition", text), ("rows", number),
                                    ("startOffset", number), ("endOffset", number),
                                ],
                                required: ["bucket", "rows", "startOffset", "endOffset"]))
                    ),
                ], required: ["rows", "buckets"])),
        JSONMember(
            "Filter",
            [
                "description": .string(
                    "A condition on a column, with its name as column, an operator as op and a "
                        + "value, or several as and, or, not; the operators are "
                        + RowFilter.operators.joined(separator: " ")
                        + ", of which in has a list as values, and isNull none"),
                "type": "object",
            ]),
    ]
}
