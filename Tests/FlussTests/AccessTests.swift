import Cluster
import Columnar
import Platform
import Testing

@testable import Fluss

private let access: AccessConfiguration = {
    var access = AccessConfiguration()
    access.users = [
        AccessConfiguration.User("admin", password: "admin secret"),
        AccessConfiguration.User("alice", password: "alice secret"),
        AccessConfiguration.User("bob", password: "bob secret"),
    ]
    access.superUsers = [.user("admin")]
    access.isAuthorizing = true
    return access
}()

private func acl(
    _ resource: AccessResource, _ principal: String, _ operation: AccessOperation
) -> AclInformation {
    AclInformation(AccessBinding(resource, AccessEntry(.user(principal), operation)))
}

/// The code of the refusal that a body meets; nil if it meets none.
private func code(
    _ body: () async throws -> Void
) async throws -> FlussError.ErrorCode? {
    do { try await body() } catch let error as FlussError { return error.code }
    return nil
}

extension WireClient {
    fileprivate func become(_ name: String) {
        hangUp()
        credentials = (name, "\(name) secret")
    }

    fileprivate func grant(_ acls: [AclInformation]) async throws -> CreateAclsResponse {
        var request = CreateAclsRequest()
        request.acls = acls
        return try await insist(
            .createAcls, request, port: Gateway.coordinatorPort,
            errorCode: { $0.results.lazy.compactMap(\.errorCode).first })
    }

    fileprivate func produce(
        _ number: Int32, to table: Int64, writer: Int64
    ) async throws -> ProduceLogResponse {
        var part = RecordsForBucket()
        part.records = try wireBatch(number, writer: writer, sequence: number)
        var request = ProduceLogRequest()
        request.acknowledgements = -1
        request.tableID = table
        request.timeoutMilliseconds = 5000
        request.buckets = [part]
        return try await insist(
            .produceLog, request, errorCode: { $0.buckets[0].errorCode })
    }

    /// What the one bucket of a table answers to a fetch.
    fileprivate func fetch(_ table: Int64) async throws -> FetchLogResponseForBucket {
        var part = FetchLogRequestForBucket()
        part.maximumFetchBytes = 1 << 20
        var wanted = FetchLogRequestForTable()
        wanted.tableID = table
        wanted.buckets = [part]
        var request = FetchLogRequest()
        request.followerServerID = -1
        request.maximumBytes = 1 << 20
        request.tables = [wanted]
        while true {
            let answer: FetchLogResponse = try await insist(.fetchLog, request)
            let bucket = answer.tables[0].buckets[0]
            let code = bucket.errorCode.flatMap { FlussError.ErrorCode(rawValue: $0) }
            if code?.isRetriable != true { return bucket }
            try await pause(.milliseconds(100))
        }
    }
}

@Suite("Who may come in, and what he may do, at the door of the Fluss protocol")
struct AccessTests {
    @Test("Who does not say who he is, or says it wrong, is told so and no more")
    func authentication() throws {
        try GatewayWorld(seed: 1, access: access).run { client in
            let versions: APIVersionsResponse = try await client.call(
                .apiVersions, APIVersionsRequest())
            #expect(versions.versions.contains { $0.key == 1038 })
            for _ in 0..<2 {
                let refusal = try await code {
                    let _: ListDatabasesResponse = try await client.call(
                        .listDatabases, ListDatabasesRequest())
                }
                #expect(refusal == .authenticate)
            }
            for (name, password) in [("alice", "bob secret"), ("nobody", ""), ("alice", "")] {
                client.hangUp()
                #expect(
                    try await code { try await client.authenticate(name, password) }
                        == .authenticate)
            }
            client.hangUp()
            try await client.authenticate("alice", "alice secret")
            let _: ListDatabasesResponse = try await client.call(
                .listDatabases, ListDatabasesRequest())
            // Who has been let in and says so again is who he was.
            try await client.authenticate("bob", "wrong")
        }
    }

    @Test("Three wrong secrets end a connection, each later than the one before")
    func guesses() throws {
        try GatewayWorld(seed: 2, access: access).run { client in
            var waits: [Duration] = []
            for _ in 0..<3 {
                let start = client.now
                _ = try await code { try await client.authenticate("alice", "guess") }
                waits.append(client.now - start)
            }
            #expect(waits[0] < waits[1] && waits[1] < waits[2], "\(waits)")
            await #expect(throws: NetworkError.self) {
                try await client.authenticate("alice", "alice secret")
            }
        }
    }

    @Test("A server without users lets nobody in by name, and everybody without")
    func open() throws {
        try GatewayWorld(seed: 3).run { client in
            #expect(
                try await code { try await client.authenticate("alice", "alice secret") }
                    == .authenticate)
            let _: ListDatabasesResponse = try await client.insist(
                .listDatabases, ListDatabasesRequest())
            var list = ListAclsRequest()
            (list.filter.resourceType, list.filter.operationType) = (1, 1)
            list.filter.permissionType = 1
            let asked = list
            #expect(
                try await code {
                    let _: ListAclsResponse = try await client.call(.listAcls, asked)
                } == .securityDisabled)
        }
    }

    @Test(
        "Access is given, used, not stretched, and taken again, while servers crash",
        arguments: 1...6 as ClosedRange<UInt64>)
    func lists(seed: UInt64) throws {
        let cluster = GatewayWorld(seed: seed, access: access)
        cluster.crashServers(from: .seconds(5), every: .seconds(7), count: 5)
        try cluster.run { client in
            client.become("admin")
            let table = try await createOrders(client, primaryKey: nil)
            let orders = AccessResource.table(TablePath(database: "shop", table: "orders"))
            _ = try await client.grant([
                acl(orders, "alice", .write), acl(orders, "bob", .read),
            ])
            try await client.pause(.seconds(1))
            client.become("alice")
            var draw = InitWriterRequest()
            draw.tablePaths = [ordersPath]
            let writer: InitWriterResponse = try await client.insist(.initWriter, draw)
            for number in 0..<20 as Range<Int32> {
                _ = try await client.produce(number, to: table.tableID, writer: writer.writerID)
                try await client.pause(.seconds(1))
            }
            #expect(try await client.fetch(table.tableID).errorCode == 48, "alice only writes")
            client.become("bob")
            let read = try await client.fetch(table.tableID)
            #expect(read.errorCode == nil && read.highWatermark == 20)
            let drawn = draw
            for refusal in [
                try await code {
                    _ = try await client.produce(
                        20, to: table.tableID, writer: writer.writerID)
                },
                try await code {
                    let _: InitWriterResponse = try await client.insist(.initWriter, drawn)
                },
                try await code { _ = try await client.grant([acl(orders, "bob", .all)]) },
                try await code {
                    var drop = DropTableRequest()
                    drop.tablePath = ordersPath
                    let _: DropTableResponse = try await client.insist(.dropTable, drop)
                },
            ] { #expect(refusal == .authorization) }
            try await take(client, orders, from: "bob")
            #expect(try await client.fetch(table.tableID).errorCode == 48)
        }
    }

    /// The administrator looks at what bob has, and takes it.
    private func take(
        _ client: WireClient, _ resource: AccessResource, from name: String
    ) async throws {
        client.become("admin")
        var filter = AclFilter()
        filter.resourceType = resource.kind.rawValue
        filter.resourceName = resource.name
        (filter.principalType, filter.principalName) = ("User", name)
        (filter.operationType, filter.permissionType) = (1, 1)
        var list = ListAclsRequest()
        list.filter = filter
        let listed: ListAclsResponse = try await client.insist(.listAcls, list)
        #expect(listed.acls == [acl(resource, name, .read)])
        var drop = DropAclsRequest()
        drop.filters = [filter]
        let dropped: DropAclsResponse = try await client.insist(
            .dropAcls, drop, errorCode: { $0.results[0].errorCode })
        // Where the answer was lost the first attempt has taken them.
        #expect(dropped.results[0].acls.map(\.acl).count <= 1)
        let left: ListAclsResponse = try await client.insist(.listAcls, list)
        #expect(left.acls.isEmpty)
        client.become(name)
        try await client.pause(.milliseconds(200))
    }

    @Test("What somebody may not describe is not there for him")
    func sight() throws {
        try GatewayWorld(seed: 9, access: access).run { client in
            client.become("admin")
            _ = try await createOrders(client, primaryKey: nil)
            client.become("bob")
            let databases: ListDatabasesResponse = try await client.insist(
                .listDatabases, ListDatabasesRequest())
            #expect(databases.databaseNames == [])
            var tables = ListTablesRequest()
            tables.databaseName = "shop"
            let asked = tables
            func names() async throws -> [String] {
                let answer: ListTablesResponse = try await client.insist(.listTables, asked)
                return answer.tableNames
            }
            #expect(try await names() == [])
            var wanted = MetadataRequest()
            wanted.tablePaths = [ordersPath]
            let metadata: MetadataResponse = try await client.insist(.getMetadata, wanted)
            #expect(metadata.tables.isEmpty)
            client.become("admin")
            _ = try await client.grant([acl(.database("shop"), "bob", .describe)])
            client.become("bob")
            #expect(try await names() == ["orders"])
        }
    }

    @Test("A greedy client is slowed to its quota, and another is not")
    func quotas() throws {
        var limited = AccessConfiguration()
        limited.users = access.users
        limited.quotas.byClient["User:alice"] = Quota(requests: 5)
        try GatewayWorld(seed: 4, access: limited).run { client in
            func time(_ name: String) async throws -> Duration {
                client.become(name)
                let start = client.now
                for _ in 0..<25 {
                    let _: ListDatabasesResponse = try await client.insist(
                        .listDatabases, ListDatabasesRequest())
                }
                return client.now - start
            }
            let (alice, bob) = (try await time("alice"), try await time("bob"))
            // A second's worth at once, and one on credit.
            #expect(alice >= .milliseconds(3700) && alice < .seconds(5), "\(alice)")
            #expect(bob < .seconds(1), "\(bob)")
        }
    }
}
