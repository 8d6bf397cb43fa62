import RunReports
import Testing

@Suite("A profile of the processor")
struct ProcessorProfileTests {
    @Test(
        "A function is known by its module and name, whatever stands around it",
        arguments: [
            (
                "Cluster.Replica.append(_: Swift.Int) async throws -> ()", "Cluster",
                "Replica.append"
            ),
            (
                "closure #1 (Platform.Machine) async throws -> () in Cluster.Replica.run() -> ()",
                "Cluster", "Replica.run"
            ),
            (
                "(2) await resume partial function for Changelog.ChangeLog.sync() async -> ()",
                "Changelog", "ChangeLog.sync"
            ),
            (
                "generic specialization <Columnar.Value> of Swift.Array.append(A) -> ()", "Swift",
                "Array.append"
            ),
            (
                "(extension in Columnar):Swift.Array.checksum() -> Swift.UInt32", "Columnar",
                "Swift.Array.checksum"
            ),
            ("outlined destroy of Columnar.Value", "Columnar", "Value"),
            (
                "static Iceberg.Snapshot.== infix(Iceberg.Snapshot) -> Swift.Bool", "Iceberg",
                "Snapshot.== infix"
            ),
            (
                "lazy protocol witness table accessor for type Platform.Instant and conformance",
                "Platform", "Instant and conformance"
            ),
            ("Changelog.(scan in _0A1B)(Swift.Int) -> ()", "Changelog", "scan"),
            ("memcpy", nil, "memcpy"),
        ] as [(String, String?, String)])
    func names(_ text: String, _ module: String?, _ name: String) {
        let found = SampledFunction(demangled: text)
        #expect(found.module == module)
        #expect(found.name == name)
    }

    @Test("What the runtime and the allocator do counts for the module that asked")
    func modules() throws {
        func frame(_ text: String, _ library: String? = nil)
            -> (function: SampledFunction, library: String?)
        { (SampledFunction(demangled: text), library) }
        let append = frame("Cluster.Replica.append(Swift.Int) -> ()")
        let profile = ProcessorProfile([
            [append],
            [frame("swift_release", "libswiftCore.so"), append],
            [frame("malloc", "libc.so.6"), frame("swift_slowAlloc", "libswiftCore.so"), append],
            [frame("ZSTD_compress", "libzstd.so.1"), frame("Columnar.compress() -> ()"), append],
            [frame("clone3", "libc.so.6")],
        ])
        #expect(profile.sampleCount == 5)
        #expect(profile.modules.map(\.name) == ["Cluster", "(other)", "Columnar"])
        #expect(profile.modules[0].counts == [.own: 1, .runtime: 1, .memory: 1])
        #expect(profile.modules[2].counts == [.libraries: 1])
        #expect(profile.functions.map(\.name) == ["Replica.append", "compress"])
        #expect(profile.text(functions: 1).contains("60.0  Cluster.Replica.append"))
    }
}
