import Columnar
import TestSupport

let everyType: [DataType] = [
    .boolean, .int, .bigint, .float, .double, .string, .bytes, .date, .timestamp(precision: 6),
    .timestampLTZ(precision: 6), .decimal(precision: 9, scale: 2), .vector(dimension: 3),
]

let everyColumn = Schema(sampling: everyType)
