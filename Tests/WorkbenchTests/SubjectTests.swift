import Cluster
import Testing

@testable import Workbench

@Suite("What a violation is about")
struct SubjectTests {
    @Test(
        "The record that an answer lacks is followed, not the offset as of which it was given",
        arguments: [
            (
                "the lookup of key 13 at offset 120 found no row where the changelog left that "
                    + "of offset 45", 45
            ),
            ("the scan at offset 120 shows of key 3 the row of offset 12, not of 45", 45),
            (
                "the scan at offset 120 shows of key 3 the row of offset 12 where the changelog "
                    + "left none", 12
            ),
            ("a read of price > 3 lacks 2 rows that pass, the first at offset 7", 7),
            ("batch 4 of writer 9 was acknowledged at 33 and is not there", 33),
            ("the segment of offset 8 is damaged", 8),
        ] as [(String, Int64)])
    func record(message: String, offset: Int64) throws {
        let run = try StoryTests.run(
            """
            title: A few orders
            length: 1s
            cluster: { servers: 1, replication: 1, minimumInSync: 1, tierers: 0, indexers: 0,
              buckets: 2 }
            workloads: [ { ecommerceCDC: { tables: [orders], rate: 5/s } } ]
            checks: [logMatching]
            """)
        _ = run.run()
        let subject = try #require(Subject(in: "orders bucket 1: \(message)", of: run.tables))
        #expect(subject.bucket.bucket == 1)
        #expect(subject.offset == offset)
    }
}
