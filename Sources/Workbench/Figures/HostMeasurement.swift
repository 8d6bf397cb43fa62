import Host
import Platform

extension HostWorld {
    /// Measures something on a machine of this world, which ends with it.
    ///
    /// - Throws: `HostError` where it does not end in an hour, or what `body` throws.
    func measured<Figures>(
        _ body: @escaping (Machine) async throws -> Figures
    ) throws -> Figures {
        var result: Result<Figures, any Error>?
        start("measurement") { machine in
            do {
                result = .success(try await body(machine))
            } catch let error as Terminated {
                throw error
            } catch {
                result = .failure(error)
            }
        }
        let isDone = run(atMost: .seconds(3600)) { result != nil }
        shutDown()
        guard isDone, let result else {
            throw HostError.measurement(reason: "it did not end in an hour")
        }
        return try result.get()
    }
}
