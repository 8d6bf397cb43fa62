import Columnar

/// A call as it comes over a connection; the four bytes of its length are the transport's.
///
/// Big endian: API key i16, API version i16, request identifier i32, then the protobuf message.
struct RequestFrame {
    static let headerByteCount = 2 + 2 + 4

    var key: Int16
    var version: Int16
    var identifier: Int32
    var body: ByteReader

    init(decoding bytes: [UInt8]) throws(FlussError) {
        var reader = ByteReader(bytes)
        do throws(ColumnarError) {
            key = try reader.readBigEndian()
            version = try reader.readBigEndian()
            identifier = try reader.readBigEndian()
            body = try reader.subreader(reader.remaining)
        } catch {
            throw .malformed(reason: "a frame of \(bytes.count) bytes has no request header")
        }
    }

    static func encode(
        _ key: APIKey, version: Int16, identifier: Int32, _ body: [UInt8]
    ) -> [UInt8] {
        var writer = ByteWriter(capacity: headerByteCount + body.count)
        writer.append(bigEndian: key.rawValue)
        writer.append(bigEndian: version)
        writer.append(bigEndian: identifier)
        writer.append(body)
        return writer.bytes
    }
}

/// An answer: type i8 (0 success, 1 error), request identifier i32 big endian, protobuf message.
///
/// Upstream's type 2, a failure without a request identifier, is never sent: clients cannot tell
/// which of their calls it belongs to.
struct ResponseFrame {
    static let headerByteCount = 1 + 4

    var identifier: Int32
    var result: Result<ByteReader, FlussError>

    init(decoding bytes: [UInt8]) throws(FlussError) {
        var reader = ByteReader(bytes)
        let type: UInt8
        let body: ByteReader
        do throws(ColumnarError) {
            type = try reader.readByte()
            identifier = try reader.readBigEndian()
            body = try reader.subreader(reader.remaining)
        } catch {
            throw .malformed(reason: "a frame of \(bytes.count) bytes has no response header")
        }
        switch type {
        case 0: result = .success(body)
        case 1:
            let error = try ErrorResponse(reading: body)
            result = .failure(
                .refused(
                    FlussError.ErrorCode(rawValue: error.errorCode) ?? .unknownServerError,
                    reason: error.errorMessage ?? ""))
        default: throw .malformed(reason: "a response of type \(type)")
        }
    }

    static func encode(identifier: Int32, _ result: Result<[UInt8], FlussError>) -> [UInt8] {
        var writer = ByteWriter()
        let body: [UInt8]
        switch result {
        case .success(let bytes):
            writer.append(byte: 0)
            body = bytes
        case .failure(let error):
            writer.append(byte: 1)
            var response = ErrorResponse()
            response.errorCode = error.code.rawValue
            response.errorMessage = "\(error)"
            body = response.encoded
        }
        writer.append(bigEndian: identifier)
        writer.append(body)
        return writer.bytes
    }
}
