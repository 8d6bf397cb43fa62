import CSQLite
import Iceberg
import Platform

/// SQLite's way to the tables of a lake ("The Virtual Table Mechanism Of SQLite").
///
/// SQLite knows of a table and a scan by C structures; each of ours begins with SQLite's own and
/// holds on to the object that does the work.
struct LakeTableStructure {
    var base: sqlite3_vtab
    var table: Unmanaged<LakeVirtualTable>
}

struct LakeCursorStructure {
    var base: sqlite3_vtab_cursor
    var cursor: Unmanaged<LakeCursor>
}

/// What makes tables on SQLite's demand.
final class LakeModule {
    static let name = "lake"
    let session: any LakeTables
    let moment: String?
    private let functions: UnsafeMutablePointer<sqlite3_module>

    init(_ session: any LakeTables, asOf moment: String?) {
        self.session = session
        self.moment = moment
        functions = .allocate(capacity: 1)
        functions.initialize(to: Self.callbacks)
    }

    deinit { functions.deallocate() }

    /// Precondition: the module outlives the connection.
    func register(_ connection: SQLConnection) throws {
        let code = sqlite3_create_module_v2(
            connection.handle, Self.name, functions, Unmanaged.passUnretained(self).toOpaque(), nil)
        if code != SQLITE_OK { throw connection.failure(code) }
    }

    private static var callbacks: sqlite3_module {
        var module = sqlite3_module()
        module.iVersion = 2
        module.xCreate = connect
        module.xConnect = connect
        module.xDisconnect = disconnect
        module.xDestroy = disconnect
        module.xBestIndex = { table, information in
            LakeModule.attempt(table) { try LakeModule.of(table).plan(information!) }
        }
        module.xOpen = { table, result in
            let cursor = UnsafeMutablePointer<LakeCursorStructure>.allocate(capacity: 1)
            cursor.initialize(
                to: LakeCursorStructure(
                    base: sqlite3_vtab_cursor(),
                    cursor: .passRetained(LakeCursor(LakeModule.of(table)))))
            result!.pointee = UnsafeMutableRawPointer(cursor)
                .assumingMemoryBound(to: sqlite3_vtab_cursor.self)
            return SQLITE_OK
        }
        module.xClose = { cursor in
            let structure = UnsafeMutableRawPointer(cursor!)
                .assumingMemoryBound(to: LakeCursorStructure.self)
            structure.pointee.cursor.release()
            structure.deallocate()
            return SQLITE_OK
        }
        module.xFilter = filter
        module.xNext = { cursor in
            LakeModule.attempt(cursor!.pointee.pVtab) { try LakeModule.of(cursor).next() }
        }
        module.xEof = { LakeModule.of($0).isAtEnd ? 1 : 0 }
        module.xColumn = { cursor, context, column in
            LakeModule.of(cursor).cell(Int(column)).give(to: context)
            return SQLITE_OK
        }
        module.xRowid = { cursor, result in
            result!.pointee = LakeModule.of(cursor).rowIdentifier
            return SQLITE_OK
        }
        return module
    }

    // MARK: From structures to objects

    private static func of(_ table: UnsafeMutablePointer<sqlite3_vtab>?) -> LakeVirtualTable {
        UnsafeMutableRawPointer(table!).assumingMemoryBound(to: LakeTableStructure.self)
            .pointee.table.takeUnretainedValue()
    }

    private static func of(_ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?) -> LakeCursor {
        UnsafeMutableRawPointer(cursor!).assumingMemoryBound(to: LakeCursorStructure.self)
            .pointee.cursor.takeUnretainedValue()
    }

    /// Hands an error's words to SQLite.
    private static func attempt(
        _ table: UnsafeMutablePointer<sqlite3_vtab>?, _ body: () throws -> Void
    ) -> Int32 {
        do {
            try body()
            return SQLITE_OK
        } catch LakeSQLError.interrupted {
            return SQLITE_INTERRUPT
        } catch {
            sqlite3_free(table!.pointee.zErrMsg)
            table!.pointee.zErrMsg = copied("\(error)")
            return SQLITE_ERROR
        }
    }

    private typealias Text = UnsafePointer<CChar>

    /// Makes a table: its arguments are the namespace and the name, in quotes, and `changes` for
    /// that of its changes.
    private static let connect:
        @convention(c) (
            OpaquePointer?, UnsafeMutableRawPointer?, Int32,
            UnsafePointer<UnsafePointer<CChar>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        ) -> Int32 = { database, module, count, arguments, result, message in
            let module = Unmanaged<LakeModule>.fromOpaque(module!).takeUnretainedValue()
            do {
                guard (5...6).contains(count), let namespace = LakeModule.argument(arguments![3]),
                    let name = LakeModule.argument(arguments![4])
                else {
                    throw LakeSQLError.statement(reason: "a lake table has a namespace and a name")
                }
                let table = try LakeVirtualTable(
                    module.session, LakeTableName(namespace: namespace, name: name),
                    asOf: module.moment, isOfChanges: count == 6)
                let code = sqlite3_declare_vtab(database, table.declaration)
                if code != SQLITE_OK {
                    throw LakeSQLError.statement(
                        reason: "table \(table.table.name) cannot be told to SQLite: "
                            + String(cString: sqlite3_errmsg(database)))
                }
                let structure = UnsafeMutablePointer<LakeTableStructure>.allocate(capacity: 1)
                structure.initialize(
                    to: LakeTableStructure(base: sqlite3_vtab(), table: .passRetained(table)))
                result!.pointee = UnsafeMutableRawPointer(structure)
                    .assumingMemoryBound(to: sqlite3_vtab.self)
                return SQLITE_OK
            } catch {
                message!.pointee = copied("\(error)")
                return SQLITE_ERROR
            }
        }

    /// An argument without its quotes.
    private static func argument(_ text: UnsafePointer<CChar>?) -> String? {
        guard let text else { return nil }
        let argument = String(cString: text)
        guard argument.utf8.count >= 2, argument.hasPrefix("'"), argument.hasSuffix("'") else {
            return nil
        }
        let inner = argument.dropFirst().dropLast()
        var result = ""
        var isEscaped = false
        for character in inner {
            if character == "'" && !isEscaped {
                isEscaped = true
                continue
            }
            isEscaped = false
            result.append(character)
        }
        return result
    }

    private static let disconnect: @convention(c) (UnsafeMutablePointer<sqlite3_vtab>?) -> Int32 = {
        table in
        let structure = UnsafeMutableRawPointer(table!)
            .assumingMemoryBound(to: LakeTableStructure.self)
        structure.pointee.table.release()
        structure.deallocate()
        return SQLITE_OK
    }

    private static let filter:
        @convention(c) (
            UnsafeMutablePointer<sqlite3_vtab_cursor>?, Int32, UnsafePointer<CChar>?, Int32,
            UnsafeMutablePointer<OpaquePointer?>?
        ) -> Int32 = { cursor, _, text, count, arguments in
            LakeModule.attempt(cursor!.pointee.pVtab) {
                let plan = ScanPlan(text.map { String(cString: $0) } ?? "")
                var values: [[SQLCell]] = []
                for position in 0..<Int(count) {
                    let argument = arguments![position]
                    if plan.constraints[position].comparison == .isIn {
                        values.append(LakeModule.list(argument))
                    } else {
                        values.append([SQLCell(argument)])
                    }
                }
                try LakeModule.of(cursor).begin(plan, values)
            }
        }

    /// All values of a list that SQLite hands over as one.
    private static func list(_ argument: OpaquePointer?) -> [SQLCell] {
        var cells: [SQLCell] = []
        var value: OpaquePointer?
        var code = sqlite3_vtab_in_first(argument, &value)
        while code == SQLITE_OK {
            cells.append(SQLCell(value))
            code = sqlite3_vtab_in_next(argument, &value)
        }
        return cells
    }
}
