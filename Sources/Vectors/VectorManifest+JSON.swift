import Columnar
extension VectorManifest {
    init(bytes: [UInt8], object: String) throws(VectorsError) {
        do throws(ColumnarError) {
            guard bytes.count > 4 else { throw .corrupt(reason: "short", position: 0) }
            var t = ByteReader(bytes, range: bytes.count - 4..<bytes.count)
            guard try t.readLittleEndian(UInt32.self) == crc32c(bytes.dropLast(4)) else {
                throw .corrupt(reason: "crc", position: 0)
            }
            var r = ByteReader(bytes)
            generation = try r.readLittleEndian(); epoch = try r.readLittleEndian();
            writer = try r.readString()
            dimension = Int(try r.readVarint());
            distance = VectorDistance(rawValue: try r.readString())!
            consumedOffset = try r.readLittleEndian()
            segments = []; garbage = []
            for _ in 0..<(try r.readCount()) {
                let o = try r.readString(); let n = Int(try r.readVarint())
                segments.append(
                    Segment(
                        object: o, pointCount: n,
                        deleted: DeletionSet(hexadecimal: try r.readString(), pointCount: n)!))
            }
            for _ in 0..<(try r.readCount()) { garbage.append(try r.readString()) }
        } catch { throw .damaged(object: object, reason: "\(error)") }
    }
    func encoded() -> [UInt8] {
        var w = ByteWriter()
        w.append(littleEndian: generation); w.append(littleEndian: epoch); w.append(string: writer)
        w.append(varint: UInt64(dimension)); w.append(string: distance.rawValue);
        w.append(littleEndian: consumedOffset)
        w.append(varint: UInt64(segments.count))
        for s in segments {
            w.append(string: s.object); w.append(varint: UInt64(s.pointCount));
            w.append(string: s.deleted.hexadecimal)
        }
        w.append(varint: UInt64(garbage.count)); for g in garbage { w.append(string: g) }
        w.append(littleEndian: crc32c(w.bytes))
        return w.bytes
    }
}
