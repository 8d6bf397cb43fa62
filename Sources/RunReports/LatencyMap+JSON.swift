import JSON

extension LatencyMap {
    /// Cells are triples of column, row and count.
    var json: JSONValue {
        [
            "columnNanoseconds": .integer(columnNanoseconds),
            "edges": .array(edges.map { .integer($0) }),
            "cells": .array(
                cells.map { cell in
                    .array([cell.column, cell.row, cell.count].map { .integer(Int64($0)) })
                }),
        ]
    }

    init(field: JSONField) throws(JSONError) {
        var edges: [Int64] = []
        for edge in try field.required("edges").array() { edges.append(try edge.integer()) }
        var cells: [Cell] = []
        for cell in try field.required("cells").array() {
            let parts = try cell.array()
            guard parts.count == 3 else {
                throw .wrongType(path: cell.path, expected: "a column, a row and a count")
            }
            cells.append(
                Cell(
                    column: try parts[0].integer(as: Int.self),
                    row: try parts[1].integer(as: Int.self),
                    count: try parts[2].count()))
        }
        let map = LatencyMap(
            columnNanoseconds: try field.required("columnNanoseconds").integer(), edges: edges,
            cells: cells)
        guard let map else {
            throw .wrongType(
                path: field.path,
                expected: "a map of at most \(Self.columnLimit) columns and \(Self.rowLimit) rows")
        }
        self = map
    }
}
