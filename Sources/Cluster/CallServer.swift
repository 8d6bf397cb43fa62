import Columnar
import Platform

/// Answers calls that come over connections, many at a time on each.
///
/// A frame is a call number (u32), the call's key and version (i16 each, see `CallHeader`) and the
/// message; an answer bears the number, key and version of its call. Every call is answered, with
/// an error if need be: what cannot be read, what failed, and what would be too large an answer, so
/// that the other calls of the connection go on. Frames count as held memory until the answer is
/// sent.
final class CallServer {
    private let machine: Machine
    private let configuration: ClusterConfiguration

    init(_ machine: Machine, _ configuration: ClusterConfiguration) {
        self.machine = machine
        self.configuration = configuration
    }

    /// Serves until the machine ends; `answer` is told which machine asks.
    func serve(_ answer: @escaping (Request, String) async throws -> Response) async throws {
        let listener = try await machine.network.listen(port: configuration.port)
        while true {
            let connection = try await listener.accept()
            machine.spawn("connection from \(connection.peer)") {
                do {
                    while true {
                        self.receive(try await connection.receive(), from: connection, answer)
                    }
                } catch is NetworkError {
                    connection.close()
                }
            }
        }
    }

    private func receive(
        _ frame: [UInt8], from connection: any Connection,
        _ answer: @escaping (Request, String) async throws -> Response
    ) {
        var reader = ByteReader(frame)
        guard let number: UInt32 = try? reader.readLittleEndian() else {
            // Without a number there is no call to answer.
            connection.close()
            return
        }
        let header: CallHeader
        let request: Result<Request, ClusterError>
        do {
            header = try CallHeader(from: &reader)
            request = self.request(header, &reader)
        } catch {
            header = .unreadable
            request = .failure(.malformedMessage(reason: "\(error)"))
        }
        if case .failure(let error) = request {
            machine.observer.reached("call that cannot be read")
            machine.observer.note(.debug, "call from \(connection.peer): \(error)")
        }
        let held = MemoryUse(of: machine.memory, byteCount: frame.count)
        machine.spawn("call") {
            let response = try await self.response(to: request) {
                try await answer($0, connection.peer.host)
            }
            let bytes = self.frame(number, header, response)
            held.byteCount += bytes.count
            // Where the caller is gone, nobody waits for the answer.
            do { try await connection.send(bytes) } catch is NetworkError { connection.close() }
        }
    }

    private func response(
        to request: Result<Request, ClusterError>, _ answer: (Request) async throws -> Response
    ) async throws -> Response {
        do {
            switch request {
            case .success(.apiVersions):
                return .apiVersions(SupportedAPI.all(at: configuration.formatVersion))
            case .success(let request): return try await answer(request)
            case .failure(let error): return .failure(error)
            }
        } catch let error as ClusterError {
            return .failure(error)
        } catch is CoordinationError {
            return .failure(.busy(reason: "the coordination service does not answer"))
        } catch let error where !(error is Terminated) {
            machine.observer.note(.error, "a call failed on \(machine.name): \(error)")
            return .failure(.busy(reason: "\(machine.name): \(error)"))
        }
    }

    /// The frame of an answer; one that is too large is answered as an error instead.
    private func frame(_ number: UInt32, _ header: CallHeader, _ response: Response) -> [UInt8] {
        var writer = ByteWriter()
        writer.append(littleEndian: number)
        header.encode(into: &writer)
        response.encode(answering: header, into: &writer)
        if writer.bytes.count <= frameSizeLimit { return writer.bytes }
        machine.observer.reached("answer over the frame limit")
        let error = ClusterError.tooLarge(
            "the answer", byteCount: writer.bytes.count, limit: frameSizeLimit)
        writer = ByteWriter()
        writer.append(littleEndian: number)
        header.encode(into: &writer)
        Response.failure(error).encode(into: &writer)
        precondition(writer.bytes.count <= frameSizeLimit, "an error over the frame limit")
        return writer.bytes
    }

    /// The call that a frame holds, if this node understands its key and version.
    private func request(
        _ header: CallHeader, _ reader: inout ByteReader
    ) -> Result<Request, ClusterError> {
        let key = APIKey(rawValue: header.key)
        let versions = key?.versions(at: configuration.formatVersion)
        guard let key, let versions, versions.contains(header.version) else {
            return .failure(
                .unsupportedAPI(
                    key: header.key, version: header.version, oldest: versions?.lowerBound ?? 0,
                    newest: versions?.upperBound ?? -1))
        }
        do {
            return .success(try Request(key, header.version, from: &reader))
        } catch {
            return .failure(.malformedMessage(reason: "call \(key): \(error)"))
        }
    }
}
