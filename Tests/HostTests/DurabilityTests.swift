import Foundation
import Platform
import Synchronization
import TestSupport
import Testing

@testable import Host

@Suite("What a world leaves behind, the next one finds")
struct DurabilityTests {
    @Test("Files, objects, entries and pointers outlive their world")
    func everything() throws {
        let folder = RealFolder()
        let table = LakeTableName(namespace: "shop", name: "orders")
        let (tag, revision) = try folder.run { machine, _ in
            try await machine.disk.createDirectory("bucket-0")
            let file = try await machine.disk.open("bucket-0/log", .new)
            try await file.write(text("records"), at: 0)
            try await file.sync()
            try await machine.disk.syncDirectory("bucket-0")
            let tag = try await machine.objectStore.put(text("object"), at: "a/b", .ifAbsent)
            let result = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [], operations: [.put(key: "k", value: [1], lease: nil)]))
            _ = try await machine.lakeCatalog.create(
                table, LakeTableCreation(metadataLocation: "v1"))
            return (tag, result)
        }
        #expect(revision == .committed(Revision(number: 1)))
        try folder.run { machine, _ in
            let file = try await machine.disk.open("bucket-0/log", .existing)
            #expect(try await file.read(at: 0, count: 100) == text("records"))
            #expect(try await machine.objectStore.head("a/b")?.tag == tag)
            _ = try await machine.objectStore.put(text("2"), at: "a/b", .ifMatches(tag))
            #expect(try await machine.coordination.get("k")?.revision.number == 1)
            let watch = try await machine.coordination.watch(prefix: "", after: .zero)
            #expect(try await watch.next().map(\.key) == ["k"])
            #expect(try await machine.lakeCatalog.load(table)?.metadataLocation == "v1")
        }
    }

    @Test("A lease whose world died ends on time in the next")
    func lease() throws {
        let folder = RealFolder()
        let (short, long) = try folder.run { machine, _ in
            let service = machine.coordination
            let leases = (
                try await service.grantLease(.milliseconds(500)),
                try await service.grantLease(.seconds(600))
            )
            for (key, lease) in [("short", leases.0), ("long", leases.1)] {
                _ = try await service.commit(
                    CoordinationTransaction(
                        conditions: [], operations: [.put(key: key, value: [], lease: lease)]))
            }
            return leases
        }
        try folder.run { machine, _ in
            let service = machine.coordination
            let watch = try await service.watch(prefix: "", after: Revision(number: 2))
            let events = try await watch.next()
            #expect(events.map(\.key) == ["short"] && events[0].entry == nil)
            await expectError(CoordinationError.leaseExpired(short)) {
                try await service.renewLease(short)
            }
            try await service.renewLease(long)
            #expect(try await service.range(prefix: "").entries.map(\.key) == ["long"])
        }
    }

    @Test("After a boot, when the clock starts anew, leases do too")
    func boot() throws {
        let folder = RealFolder()
        let path = HostConfiguration(folder: folder.path).coordinationPath
        try folder.run { machine, _ in
            let lease = try await machine.coordination.grantLease(.milliseconds(400))
            _ = try await machine.coordination.commit(
                CoordinationTransaction(
                    conditions: [], operations: [.put(key: "k", value: [], lease: lease)]))
        }
        do {
            let database = try SQLiteDatabase(path)
            // As if the clock had stood far ahead before the boot.
            try database.run("UPDATE leases SET deadline = ?", .integer(.max))
            try database.run("UPDATE service SET boot = 'another'")
        }
        try folder.run { machine, _ in
            #expect(try await machine.coordination.get("k") != nil)
            try await machine.sleep(.milliseconds(500))
            #expect(try await machine.coordination.get("k") == nil)
        }
    }

    @Test("What a dead writer left half written is cleared away, what a living one writes is not")
    func leftovers() throws {
        let folder = RealFolder()
        _ = try folder.run { machine, _ in
            try await machine.objectStore.put([1], at: "a", .always)
        }
        let staging = folder.path + "/store/staging"
        #expect(try FileManager.default.contentsOfDirectory(atPath: staging) == [])
        // No process has so high a number: the kernel's own limit is 2^22.
        for name in ["4999999-1", "\(getpid())-1"] {
            #expect(FileManager.default.createFile(atPath: staging + "/" + name, contents: nil))
        }
        try folder.world().shutDown()
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: staging) == ["\(getpid())-1"])
    }

    @Test("Ordinary keys are plain files that strangers can read")
    func plainFiles() throws {
        let folder = RealFolder()
        let objects = HostConfiguration(folder: folder.path).objectsFolder
        try folder.run { machine, _ in
            let key = "lake/shop/orders/data/00000-0.parquet"
            _ = try await machine.objectStore.put(text("PAR1"), at: key, .ifAbsent)
            #expect(FileManager.default.contents(atPath: objects + "/" + key) == Data("PAR1".utf8))
            #expect(
                FileManager.default.createFile(
                    atPath: objects + "/lake/shop/stranger%20.parquet", contents: nil))
            #expect(
                FileManager.default.createFile(
                    atPath: objects + "/lake/shop/stranger.parquet", contents: Data([7])))
            #expect(
                try await machine.objectStore.list(prefix: "lake/", after: nil, limit: 9).map(\.key)
                    == [key, "lake/shop/stranger.parquet"])
            #expect(try await machine.objectStore.get("lake/shop/stranger.parquet") == [7])
        }
    }

    @Test("A folder that cannot be used is refused with its name")
    func badFolder() throws {
        let folder = RealFolder()
        #expect(FileManager.default.createFile(atPath: folder.path, contents: nil))
        #expect(throws: HostError.self) { _ = try folder.world() }
        let other = RealFolder()
        try FileManager.default.createDirectory(
            atPath: other.path, withIntermediateDirectories: true)
        try Data("not a database, but long enough to be taken for one".utf8)
            .write(to: URL(fileURLWithPath: other.path + "/catalog.sqlite"))
        #expect(throws: HostError.self) { _ = try other.world() }
    }

    @Test("A write of a dead incarnation never lands after the next has begun")
    func lateWrites() throws {
        let folder = RealFolder()
        let world = try folder.world()
        defer { withExtendedLifetime(folder) { world.shutDown() } }
        world.start("victim") { _ in }
        world.crash("victim")
        // A system call that is under way when its machine dies.
        let flight = try #require(world.nodes["victim"]).disk
        flight.enter()
        let isDone = Atomic(false)
        let thread = WorkerThreads(count: 1)
        thread.submit {
            usleep(50_000)
            isDone.store(true, ordering: .releasing)
            flight.leave()
        }
        world.start("victim") { _ in }
        let wasDone = isDone.load(ordering: .acquiring)
        #expect(wasDone)
        thread.close()
        world.crash("victim")
        flight.waitUntilNone()
        let count = try world.finish("victim") { machine in
            for number in 0..<20 {
                machine.spawn("write") {
                    let file = try await machine.disk.open("\(number)", .any)
                    try await file.write([1], at: 0)
                }
            }
            try await machine.sleep(.milliseconds(50))
            return try await machine.disk.list("").count
        }
        #expect(count == 20)
        // Each call that was begun has ended.
        flight.waitUntilNone()
    }
}
