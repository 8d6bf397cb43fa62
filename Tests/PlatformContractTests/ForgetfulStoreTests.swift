import Foundation
import Host
import Testing

/// A store that takes conditions and does not look at them; `ci/stores` starts one.
@Suite(
    "A store without conditions",
    .enabled(if: WorldKind.environment("WAVETANK_TEST_S3_FORGETFUL") != nil))
struct ForgetfulStoreTests {
    @Test("It is refused at the start, and why is said")
    func refusal() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-forgetful-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = HostConfiguration(folder: folder)
        configuration.s3 = try EitherWorld.storeOfItsOwn("WAVETANK_TEST_S3_FORGETFUL")
        let world = try HostWorld(configuration)
        defer { world.shutDown() }
        do {
            try world.checkServices()
            Issue.record("the store was not refused")
        } catch {
            #expect(error.description.contains("it ignores If-None-Match"))
        }
    }

    @Test("One that is not there is refused, too")
    func absence() throws {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("wavetank-absent-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var configuration = HostConfiguration(folder: folder)
        // Nothing listens at the port of the discard service.
        configuration.s3 = S3Configuration(
            address: ServiceAddress(host: "127.0.0.1", port: 9), bucket: "lake",
            credentials: S3Credentials(accessKey: "a", secretKey: "b"))
        let world = try HostWorld(configuration)
        defer { world.shutDown() }
        #expect(throws: HostError.self) { try world.checkServices() }
    }
}
