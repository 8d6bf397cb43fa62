import Columnar
import Platform

/// Answers calls that come over connections, many at a time on each.
///
/// A frame is a call number (u32) and a message; an answer bears the number of its call. Both count
/// as held memory until the answer is sent.
final class CallServer {
    private let machine: Machine
    private let port: Int

    init(_ machine: Machine, port: Int) {
        self.machine = machine
        self.port = port
    }

    func serve(_ answer: @escaping (Request) async throws -> Response) async throws {
        let listener = try await machine.network.listen(port: port)
        while true {
            let connection = try await listener.accept()
            machine.spawn("connection from \(connection.peer)") {
                do {
                    while true {
                        self.take(try await connection.receive(), from: connection, answer)
                    }
                } catch is NetworkError {
                    connection.close()
                }
            }
        }
    }

    private func take(
        _ frame: [UInt8], from connection: any Connection,
        _ answer: @escaping (Request) async throws -> Response
    ) {
        var reader = ByteReader(frame)
        guard let number: UInt32 = try? reader.readLittleEndian() else {
            connection.close()
            return
        }
        let request: Request
        do {
            request = try Request(from: &reader)
        } catch {
            machine.observer.note(.warning, "call from \(connection.peer): \(error)")
            connection.close()
            return
        }
        let held = MemoryUse(of: machine.memory, byteCount: frame.count)
        machine.spawn("call") {
            var response: Response
            do {
                response = try await answer(request)
            } catch let error as ClusterError {
                response = .failure(error)
            } catch is CoordinationError {
                response = .failure(.busy(reason: "the coordination service does not answer"))
            }
            var writer = ByteWriter()
            writer.append(littleEndian: number)
            response.encode(into: &writer)
            held.byteCount += writer.bytes.count
            do { try await connection.send(writer.bytes) } catch is NetworkError {}
        }
    }
}
