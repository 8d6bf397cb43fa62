import ArgumentParser
import Foundation
import Host
import Ingest
import JSON
import Platform
import VectorSinks

/// `wavetank sink`.
struct SinkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink",
        abstract: "Bring the vectors of a table of a served process to Milvus or Qdrant.",
        discussion: """
            The process is one of wavetank serve --data DIR --http PORT; the table has a primary \
            key and a column of vectors. Each row with a vector is a point of a collection, which \
            is made if it is missing: its vector, the columns of the key, those of \
            table.vector-index.filter-columns, and as wavetank_version the offset of the change \
            that made the row what it is. Upserts and deletes follow the changelog by key.

            How far it is stands in a file: COLLECTION.sink in this folder, if --state names no \
            other. Whenever this process, the served one or the database dies, or is stopped, the \
            same command goes on, and no vector that was replaced or deleted comes back: what was \
            begun is written as it is at its end, and after an answer that did not come nothing is \
            sent until the lost request is over (--lifetime). One command at a time may write a \
            collection.

            Of the addresses: Milvus 2.3 serves points at its proxy, by default 19530, and makes \
            collections at its management port, by default 9091. Qdrant is asked to compare \
            versions as well (1.16 or later).

            Examples:
              wavetank sink --table shop.products --to milvus+http://127.0.0.1:19530
              wavetank sink --table shop.products --to qdrant+http://127.0.0.1:6333 --follow
            """)

    @Option(help: ArgumentHelp("The table to bring.", valueName: "database.table"))
    var table: String

    @Option(
        help: ArgumentHelp(
            "The vector database: milvus+http://HOST:PORT or qdrant+http://HOST:PORT.",
            valueName: "url"))
    var to: String

    @Option(help: ArgumentHelp("Where the process serves HTTP.", valueName: "url"))
    var from = "http://127.0.0.1:9180"

    @OptionGroup var credentials: CredentialOptions

    @Option(
        help: "The collection; if not given, named by database, table and the column of --vector.")
    var collection: String?

    @Option(help: "The column of vectors; if not given, the first with a vector index.")
    var vector: String?

    @Option(
        help: ArgumentHelp(
            "Where Milvus is managed; port 9091 of the same host if not given.",
            valueName: "url"))
    var management: String?

    @Option(help: "The file that keeps how far it is.", completion: .file())
    var state: String?

    @Option(
        help: "How many seconds a request may take effect after it was sent, without an answer.")
    var lifetime = 10

    @Flag(help: "Wait for more when everything is there.")
    var follow = false

    @Option(help: "How many seconds to wait for a process that does not answer.")
    var patience: Double = 600

    @Flag(help: "Print JSON instead of text.")
    var json = false

    func validate() throws {
        if parts == nil {
            throw ValidationError("--table is a database and a table, such as shop.products")
        }
        if address == nil {
            throw ValidationError("--to begins with milvus+http:// or qdrant+http://")
        }
        if !(1...3600).contains(lifetime) || !(0...86_400).contains(patience) {
            throw ValidationError("--lifetime is from 1 to 3600, --patience at most 86400")
        }
    }

    private var parts: (database: String, table: String)? {
        let parts = table.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        return (String(parts[0]), String(parts[1]))
    }

    private var address: (isMilvus: Bool, url: String)? {
        for (name, isMilvus) in [("milvus+", true), ("qdrant+", false)]
        where to.hasPrefix(name + "http://") {
            return (isMilvus, String(to.dropFirst(name.count)))
        }
        return nil
    }

    func run() throws {
        Interruption.handle()
        do { try sink() } catch IngestError.stopped {
            say("\(IngestError.stopped)")
            throw Interruption.exitCode
        } catch let error as IngestError {
            throw refusal("\(error)")
        } catch let error as SinkError {
            throw refusal("\(error)")
        } catch let error as HostError {
            throw refusal("\(error)")
        }
    }

    private func service() throws -> any VectorService {
        guard let address else { preconditionFailure("checked by validate") }
        let lifetime = Duration.seconds(lifetime)
        if !address.isMilvus { return try QdrantService(address.url, requestLifetime: lifetime) }
        var host = address.url.dropFirst("http://".count)
        if let end = host.firstIndex(of: "/") { host = host[..<end] }
        if let port = host.lastIndex(of: ":") { host = host[..<port] }
        return try MilvusService(
            address.url, management: management ?? "http://\(host):9091",
            requestLifetime: lifetime)
    }

    private func sink() throws {
        guard let parts else { preconditionFailure("checked by validate") }
        let target = try IngestTarget(
            from, credentials: try credentials.credentials(), authorities: credentials.authorities)
        target.patience = patience
        target.isStopped = { Interruption.isRequested }
        var options = ServedChanges.Options(database: parts.database, table: parts.table)
        options.vector = vector
        options.collection = collection
        let name = options.collectionName
        let file = try StateFile(state ?? "\(name).sink")
        let column = vector.map { " column \($0)" } ?? ""
        let progress = try SinkState(file, source: "\(table)\(column) in \(name) at \(to)")
        let session = SinkSession(progress, try service(), isFollowed: follow)
        session.isStopped = { Interruption.isRequested }
        session.onTrouble = { say("trying again: \($0)") }
        let begun = Date()
        try session.run(from: target, options)
        try close(session, Date().timeIntervalSince(begun))
    }

    private func close(_ session: SinkSession, _ seconds: Double) throws {
        if json {
            let result: JSONValue = [
                "confirmed": .integer(session.confirmedCount),
                "now": .integer(session.ownCount),
                "seconds": .number((seconds * 1000).rounded() / 1000),
            ]
            return try show(result.compact)
        }
        try show(
            "\(session.confirmedCount) changes are there, \(session.ownCount) of them now, in "
                + String(format: "%.1f", seconds) + " s")
    }
}
