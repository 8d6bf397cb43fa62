import Columnar
import Glibc
import JSON
public import Workloads

/// Brings a file to a table, or to several: all of it once, however often the process dies.
public final class FileIngest {
    public struct Options: Hashable, Sendable {
        public var path: String
        /// Nil for what the file seems to be.
        public var format: FileFormat?
        public var database: String
        /// Nil for the names that the file says.
        public var table: String?
        /// Columns of the primary key, if the format says none.
        public var key: [String] = []
        /// Between the fields of CSV; nil for what the header shows.
        public var delimiter: UInt8?
        /// Of an access log; nil for the combined format.
        public var logFormat: String?
        /// Tables to take of those that the file has; all of them if empty.
        public var only: [String] = []
        /// How many records may be left out because they cannot be taken.
        public var leftOutLimit: Int64 = 0
        /// Whether to wait for more at the end, and for the file that takes its place.
        public var isFollowed = false

        public init(path: String, database: String, table: String?) {
            self.path = path
            self.database = database
            self.table = table
        }

        /// The shape of a file of one table.
        func shape(_ names: [String], _ types: [DataType]) throws(IngestError) -> TableShape {
            for name in key where !names.contains(name) {
                throw .source(place: path, reason: "there is no column '\(name)' for the key")
            }
            let fields = zip(names, types).enumerated().map { position, column in
                Field(
                    identifier: Int32(position + 1), name: column.0, type: column.1,
                    isNullable: !key.contains(column.0))
            }
            guard let table else {
                throw .target(reason: "name a table: --table \(database).NAME")
            }
            return TableShape(
                database: database, table: table, fields: fields, primaryKey: key)
        }
    }

    private var options: Options
    private let delivery: Delivery
    /// Is told of each record that is left out.
    public var onLeftOut: (RefusedLine) -> Void = { _ in }
    private var place = FilePlace()

    public init(_ options: Options, _ delivery: Delivery) {
        self.options = options
        self.delivery = delivery
    }

    /// Opens a file.
    static func open(_ path: String) throws(IngestError) -> ByteStream {
        let file: OpenFile
        do throws(FileFailure) { file = try OpenFile(path) } catch {
            throw .source(place: path, reason: error.reason)
        }
        return try ByteStream(path, file: file)
    }

    /// Throws `IngestError.source` if a file cannot be read at all.
    public static func requireReadable(_ path: String) throws(IngestError) { _ = try open(path) }

    /// Reads to the end of the file or, if it is followed, until the caller stops it.
    public func run() throws(IngestError) {
        var format = options.format
        if format == nil { format = try FileFormat.guess(options.path) }
        guard let format else {
            throw .source(
                place: options.path,
                reason: "nothing tells what it is: say --format "
                    + FileFormat.allCases.map(\.rawValue).joined(separator: ", "))
        }
        // What says the position holds this object, which holds the delivery.
        defer { delivery.position = { .null } }
        if format == .parquet {
            try ParquetIngest(options, delivery).run()
            return
        }
        try readRecords(format)
    }

    // MARK: Records

    private func readRecords(_ format: FileFormat) throws(IngestError) {
        place = try FilePlace(delivery.start, options.path)
        var stream = try openAtPlace()
        let layout = try Self.layout(format, options)
        var decoder = try decoder(format, layout)
        var tables: [Int] = []
        for shape in decoder.shapes { tables.append(try delivery.open(shape)) }
        delivery.position = { self.place.json }
        while true {
            let records = try FileRecords(
                stream, layout, offset: place.offset, line: place.line,
                isGrowing: options.isFollowed)
            place.begin(stream)
            try read(records, &decoder, tables)
            if !options.isFollowed { break }
            stream = try follow(records, &decoder, tables)
        }
        try delivery.flush()
        try delivery.settle()
    }

    private static func layout(
        _ format: FileFormat, _ options: Options
    ) throws(IngestError) -> FileRecords.Layout {
        switch format {
        case .csv: return .quotedLines
        case .accessLog: return .lines
        default: return try FileRecords.layout(ofJSON: try open(options.path))
        }
    }

    /// Looks at the whole file for which tables and columns there are.
    private func decoder(
        _ format: FileFormat, _ layout: FileRecords.Layout
    ) throws(IngestError) -> any RecordDecoder {
        let records = try FileRecords(
            try Self.open(options.path), layout, isGrowing: options.isFollowed)
        switch format {
        case .csv:
            let known = try known()
            return try CSVDecoder(surveying: records, options, known)
        case .jsonLines:
            let known = try known()
            return try ObjectDecoder(surveying: records, options, known)
        case .debezium: return try CapturedDecoder(surveying: records, .debezium, options)
        case .wal2json: return try CapturedDecoder(surveying: records, .wal2json, options)
        case .accessLog, .parquet:
            return try CapturedDecoder(surveying: records, .combinedLog, options)
        }
    }

    private func known() throws(IngestError) -> TargetTable? {
        guard let table = options.table else { return nil }
        let known = try delivery.target.table(options.database, table)
        if options.key.isEmpty { options.key = known?.primaryKey ?? [] }
        return known
    }

    /// Takes all records that there are now.
    private func read(
        _ records: FileRecords, _ decoder: inout any RecordDecoder, _ tables: [Int]
    ) throws(IngestError) {
        while let record = records.next() {
            if delivery.target.isStopped() { try stop() }
            if options.isFollowed, let shape = decoder.shape(after: record) {
                try delivery.reshape(tables[0], to: shape) {}
            }
            let rows = decoder.rows(in: record, line: records.number)
            // Those that were sent before the process died are not sent again.
            for row in rows.dropFirst(place.doneCount) {
                switch row {
                case .change(let table, let change): try delivery.add(change, to: tables[table])
                case .refused(let line): try leaveOut(line)
                }
                place.doneCount += 1
                if place.doneCount == rows.count { break }
                try delivery.flushIfFull()
            }
            place.pass(records)
            try delivery.flushIfFull()
        }
        if let failure = records.failure {
            try delivery.flush()
            try delivery.settle()
            throw failure
        }
    }

    /// What was read is sent, so that it is not read again.
    private func stop() throws(IngestError) {
        try delivery.flush()
        try delivery.settle()
        throw .stopped
    }

    private func leaveOut(_ line: RefusedLine) throws(IngestError) {
        delivery.tally.leftOutCount += 1
        if delivery.tally.leftOutCount <= options.leftOutLimit {
            onLeftOut(line)
            return
        }
        try delivery.flush()
        try delivery.settle()
        let place = "\(line.file):\(line.line)" + (line.column.map { ":\($0)" } ?? "")
        throw .source(
            place: place,
            reason: "\(line.reason); what stands before it is in the table: mend the line and "
                + "start again, or let lines go with --allow")
    }

    // MARK: Files that grow

    /// Waits for more of the file, or for another one in its place, which is returned.
    private func follow(
        _ records: FileRecords, _ decoder: inout any RecordDecoder, _ tables: [Int]
    ) throws(IngestError) -> ByteStream {
        while true {
            try delivery.flush()
            try delivery.settle()
            if delivery.target.isStopped() { throw .stopped }
            let file = records.stream.file
            let isReplaced = OpenFile.inode(of: options.path).map { $0 != file.inode } ?? false
            let size = file.byteCount
            if records.stream.compression == .none && size < records.offset {
                // It was emptied where it stands.
                place = FilePlace()
                return try Self.open(options.path)
            }
            records.retry()
            try read(records, &decoder, tables)
            if isReplaced && file.byteCount == size {
                place = FilePlace()
                return try Self.open(options.path)
            }
            usleep(200_000)
        }
    }

    /// The file at the place where it was left, under whatever name it has now.
    private func openAtPlace() throws(IngestError) -> ByteStream {
        let stream = try Self.open(options.path)
        if place.isBeginning { return stream }
        if options.isFollowed, place.inode != stream.file.inode,
            let earlier = try rotated(inode: place.inode)
        {
            try place.check(earlier)
            return earlier
        }
        try place.check(stream)
        return stream
    }

    /// A file of the same folder that was this one before it was renamed.
    private func rotated(inode: UInt64) throws(IngestError) -> ByteStream? {
        let end = options.path.lastIndex(of: "/")
        let folder = end.map { String(options.path[...$0]) } ?? "./"
        guard let listing = opendir(folder) else { return nil }
        defer { closedir(listing) }
        while let entry = readdir(listing) {
            guard UInt64(entry.pointee.d_ino) == inode else { continue }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            return try Self.open(folder + name)
        }
        return nil
    }
}
