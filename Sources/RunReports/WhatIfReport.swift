public import JSON

/// One scenario in several configurations: how the figures move.
public struct WhatIfReport: Sendable, Hashable {
    /// A setting and the values that were tried.
    public struct Axis: Sendable, Hashable {
        public var path: String
        public var values: [String]

        public init(path: String, values: [String]) {
            self.path = path
            self.values = values
        }
    }

    /// One configuration: a value for each axis, and what was measured.
    public struct Cell: Sendable, Hashable {
        public var values: [String]
        public var run: BenchTank.Run

        public init(values: [String], run: BenchTank.Run) {
            self.values = values
            self.run = run
        }
    }

    public var title: String
    public var prices: String
    public var axes: [Axis]
    /// In the order of the axes' values, the last axis fastest.
    public var cells: [Cell]

    public init(title: String, prices: String, axes: [Axis], cells: [Cell]) {
        precondition(
            cells.allSatisfy { $0.values.count == axes.count }, "a cell without its values")
        self.title = title
        self.prices = prices
        self.axes = axes
        self.cells = cells
    }

    /// The figures that people choose by, where they were measured.
    static let figures = [
        "throughput", "latency.p50", "latency.p99", "freshness.changelog.p50",
        "freshness.lake.p50", "freshness.lake.p99", "freshness.vector.p99", "recovery.longest",
        "lookup.p99", "scan.p99", "search.p99", "unionRead.p50", "amplification.write",
        "amplification.space", "lake.commits", "lake.fileBytes", "cost.requests", "cost.storage",
    ]

    /// Of those, the ones that a cell has and that are not the same in all.
    var moving: [BenchFigure] {
        Self.figures.map(BenchFigure.named).filter { figure in
            Set(cells.map { $0.run[figure.name] }).count > 1
        }
    }

    // MARK: Text

    /// A table with a row for each configuration.
    public var text: String {
        let figures = moving
        var rows = [axes.map(\.path) + figures.map(\.title)]
        for cell in cells {
            rows.append(
                cell.values + figures.map { cell.run[$0.name].map($0.unit.text) ?? "-" })
        }
        // A figure a line: there are more figures than columns on a terminal.
        let columns = (0..<(rows[0].count)).map { column in rows.map { $0[column] } }
        let unclean = cells.filter { $0.run.verdict != .pass }
        return
            ([title] + BenchReport.aligned(columns)
            + unclean.map { "  \(name(of: $0)): \($0.run.verdict.rawValue), \($0.run.reason)" })
            .joined(separator: "\n")
    }

    public func name(of cell: Cell) -> String {
        zip(axes, cell.values).map { "\($0.path)=\($1)" }.joined(separator: " ")
    }

    // MARK: JSON

    static let format = "wavetank what if, 1"

    public var json: JSONValue {
        [
            "format": .string(Self.format), "title": .string(title), "prices": .string(prices),
            "axes": .array(
                axes.map {
                    ["path": .string($0.path), "values": .array($0.values.map { .string($0) })]
                }),
            "cells": .array(
                cells.map {
                    ["values": .array($0.values.map { .string($0) }), "run": $0.run.json]
                }),
        ]
    }

    public init(json: JSONValue) throws(JSONError) {
        let root = JSONField(value: json, path: "")
        let format = try root.required("format").string()
        guard format == Self.format else {
            throw .wrongType(path: "format", expected: "'\(Self.format)', not '\(format)'")
        }
        func strings(_ field: JSONField) throws(JSONError) -> [String] {
            var result: [String] = []
            for item in try field.array() { result.append(try item.string()) }
            return result
        }
        var axes: [Axis] = []
        for field in try root.required("axes").array() {
            axes.append(
                Axis(
                    path: try field.required("path").string(),
                    values: try strings(try field.required("values"))))
        }
        var cells: [Cell] = []
        for field in try root.required("cells").array() {
            let values = try strings(try field.required("values"))
            guard values.count == axes.count else {
                throw .wrongType(
                    path: "\(field.path).values", expected: "\(axes.count) values")
            }
            cells.append(
                Cell(values: values, run: try BenchTank.Run(json: try field.required("run"))))
        }
        self.init(
            title: try root.required("title").string(),
            prices: try root.required("prices").string(), axes: axes, cells: cells)
    }
}
