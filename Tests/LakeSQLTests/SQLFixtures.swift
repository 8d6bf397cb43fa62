import Columnar
import Foundation
import Host
import Iceberg
import Parquet
import Platform

let goods = Schema(fields: [
    Field(identifier: 1, name: "number", type: .bigint, isNullable: false),
    Field(identifier: 2, name: "label", type: .string, isNullable: true),
    Field(identifier: 3, name: "price", type: .decimal(precision: 10, scale: 2), isNullable: true),
    Field(identifier: 4, name: "ratio", type: .double, isNullable: true),
    Field(identifier: 5, name: "weight", type: .float, isNullable: true),
    Field(identifier: 6, name: "sold_at", type: .timestamp(precision: 6), isNullable: true),
    Field(identifier: 7, name: "day", type: .date, isNullable: true),
    Field(identifier: 8, name: "is_new", type: .boolean, isNullable: true),
    Field(identifier: 9, name: "image", type: .bytes, isNullable: true),
    Field(
        identifier: 10, name: "tags",
        type: .array(ArrayType(.string, isNullable: true, identifier: 20)), isNullable: true),
    Field(identifier: 11, name: "shelf", type: .smallint, isNullable: true),
    Field(identifier: 12, name: "exact", type: .decimal(precision: 30, scale: 3), isNullable: true),
])

let goodsName = LakeTableName(namespace: "shop", name: "goods")

/// A row of the goods by its number; every seventh value of a column is null.
func goodsRow(_ number: Int64) -> Row {
    func some(_ column: Int64, _ value: Value) -> Value {
        (number + column) % 7 == 0 ? .null : value
    }
    return [
        .bigint(number), some(1, .string("label \(number % 40)'s")),
        some(2, .decimal(Int128(number) * 25 - 1000)),
        some(3, number % 11 == 0 ? .double(.nan) : .double(Double(number - 50) / 8)),
        some(4, .float(Float(number % 30) / 4)),
        some(5, .timestamp(1_764_000_000_000_000 + number * 3_600_500_000)),
        some(6, .date(Int32(20_000 + number))), some(7, .boolean(number % 2 == 0)),
        some(8, .bytes([UInt8(number % 256), 0, 255])),
        some(9, .array([.string("a\(number)"), .null])), some(10, .smallint(Int16(number % 12))),
        some(11, .decimal(Int128(number) * 1_000_000_000_000_000_000_007)),
    ]
}

/// A folder as `wavetank serve` leaves it, with one table in its lake.
final class LakeFixture {
    let folder: String
    private(set) var firstSnapshot: Int64 = 0
    /// The numbers of all rows that are left.
    private(set) var numbers: [Int64] = []

    static let fileCount = 12
    static let fileRowCount: Int64 = 25

    init() throws {
        folder =
            FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-sql-test-\(UUID().uuidString)").path
        let configuration = HostConfiguration(folder: folder)
        let world = try HostWorld(configuration)
        let warehouse = LakeLocation(prefix: "file://\(configuration.objectsFolder)/lake/")
        var failure: (any Error)?
        var isDone = false
        world.start("writer") { machine in
            do { try await self.write(machine, warehouse) } catch { failure = error }
            isDone = true
        }
        _ = world.run(atMost: .seconds(120)) { isDone }
        world.shutDown()
        if let failure { throw failure }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ machine: Machine, _ warehouse: LakeLocation) async throws {
        let table = try await LakeTable.openOrCreate(
            machine, goodsName, in: warehouse, schema: IcebergSchema(goods))
        for file in 0..<Self.fileCount {
            let range = Int64(file) * Self.fileRowCount..<Int64(file + 1) * Self.fileRowCount
            var writer = try ParquetWriter(schema: ParquetSchema(goods))
            try writer.append(try RecordBatch(schema: goods, rows: range.map(goodsRow)))
            let parquet = writer.finish()
            var change = LakeChange()
            let path = table.newPath("data", ".parquet")
            try await table.write(parquet.bytes, at: path)
            change.dataFiles = [DataFile(parquet, content: .data, path: path)]
            // A row of each file is deleted with it.
            let deletes = [PositionDelete(path: path, position: 3)]
            change.deleteFiles = try await table.writeDeletes(deletes)
            numbers += range.filter { $0 % Self.fileRowCount != 3 }
            if file == 1 {
                change.updates = [
                    .setSnapshotReference(SnapshotReference("first", firstSnapshot, .tag))
                ]
            }
            let snapshot = try await table.commit(change, on: machine) { _ in }
            if file == 0 { firstSnapshot = snapshot?.identifier ?? 0 }
        }
    }
}
