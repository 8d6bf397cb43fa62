import CSQLite
import Iceberg

/// A table as SQLite plans scans of it ("The Virtual Table Mechanism Of SQLite").
protocol VirtualTable: AnyObject {
    /// What SQLite is told the table is.
    var declaration: String { get }

    /// Chooses what of the constraints a scan uses, and says what it will cost.
    func plan(_ information: UnsafeMutablePointer<sqlite3_index_info>) throws

    func makeCursor() -> any VirtualCursor
}

/// A scan of a table under way.
protocol VirtualCursor: AnyObject {
    var isAtEnd: Bool { get }
    /// The same for the same row in each scan.
    var rowIdentifier: Int64 { get }

    /// Begins anew; `values` are those of the plan's constraints.
    func begin(_ plan: ScanPlan, _ values: [[SQLCell]]) throws
    func next() throws
    func cell(_ column: Int) -> SQLCell
}

/// What SQLite's structures of a table and a scan hold on to.
private final class TableHolder {
    let table: any VirtualTable
    init(_ table: any VirtualTable) { self.table = table }
}

private final class CursorHolder {
    let cursor: any VirtualCursor
    init(_ cursor: any VirtualCursor) { self.cursor = cursor }
}

/// SQLite knows of a table and a scan by C structures; each of ours begins with SQLite's own and
/// holds on to the object that does the work.
private struct TableStructure {
    var base: sqlite3_vtab
    var holder: Unmanaged<TableHolder>
}

private struct CursorStructure {
    var base: sqlite3_vtab_cursor
    var holder: Unmanaged<CursorHolder>
}

/// What makes tables on SQLite's demand.
final class VirtualTableModule {
    private let name: String
    /// Makes the table of some arguments, which were in quotes.
    private let make: ([String]) throws -> any VirtualTable
    private let functions: UnsafeMutablePointer<sqlite3_module>

    init(_ name: String, _ make: @escaping ([String]) throws -> any VirtualTable) {
        self.name = name
        self.make = make
        functions = .allocate(capacity: 1)
        functions.initialize(to: Self.callbacks)
    }

    deinit { functions.deallocate() }

    /// Precondition: the module outlives the connection.
    func register(_ connection: SQLConnection) throws {
        let code = sqlite3_create_module_v2(
            connection.handle, name, functions, Unmanaged.passUnretained(self).toOpaque(), nil)
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
            VirtualTableModule.attempt(table) {
                try VirtualTableModule.of(table).plan(information!)
            }
        }
        module.xOpen = { table, result in
            let cursor = UnsafeMutablePointer<CursorStructure>.allocate(capacity: 1)
            cursor.initialize(
                to: CursorStructure(
                    base: sqlite3_vtab_cursor(),
                    holder: .passRetained(
                        CursorHolder(VirtualTableModule.of(table).makeCursor()))))
            result!.pointee = UnsafeMutableRawPointer(cursor)
                .assumingMemoryBound(to: sqlite3_vtab_cursor.self)
            return SQLITE_OK
        }
        module.xClose = { cursor in
            let structure = UnsafeMutableRawPointer(cursor!)
                .assumingMemoryBound(to: CursorStructure.self)
            structure.pointee.holder.release()
            structure.deallocate()
            return SQLITE_OK
        }
        module.xFilter = filter
        module.xNext = { cursor in
            VirtualTableModule.attempt(cursor!.pointee.pVtab) {
                try VirtualTableModule.of(cursor).next()
            }
        }
        module.xEof = { VirtualTableModule.of($0).isAtEnd ? 1 : 0 }
        module.xColumn = { cursor, context, column in
            VirtualTableModule.of(cursor).cell(Int(column)).give(to: context)
            return SQLITE_OK
        }
        module.xRowid = { cursor, result in
            result!.pointee = VirtualTableModule.of(cursor).rowIdentifier
            return SQLITE_OK
        }
        return module
    }

    // MARK: From structures to objects

    private static func of(_ table: UnsafeMutablePointer<sqlite3_vtab>?) -> any VirtualTable {
        UnsafeMutableRawPointer(table!).assumingMemoryBound(to: TableStructure.self)
            .pointee.holder.takeUnretainedValue().table
    }

    private static func of(_ cursor: UnsafeMutablePointer<sqlite3_vtab_cursor>?)
        -> any VirtualCursor
    {
        UnsafeMutableRawPointer(cursor!).assumingMemoryBound(to: CursorStructure.self)
            .pointee.holder.takeUnretainedValue().cursor
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

    /// Makes a table; the first three arguments are SQLite's own.
    private static let connect:
        @convention(c) (
            OpaquePointer?, UnsafeMutableRawPointer?, Int32,
            UnsafePointer<UnsafePointer<CChar>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        ) -> Int32 = { database, module, count, arguments, result, message in
            let module = Unmanaged<VirtualTableModule>.fromOpaque(module!).takeUnretainedValue()
            do {
                let texts = (3..<max(3, Int(count))).map {
                    VirtualTableModule.argument(arguments![$0])
                }
                let table = try module.make(texts)
                let code = sqlite3_declare_vtab(database, table.declaration)
                if code != SQLITE_OK {
                    throw LakeSQLError.statement(
                        reason: "the table cannot be told to SQLite: "
                            + String(cString: sqlite3_errmsg(database)))
                }
                let structure = UnsafeMutablePointer<TableStructure>.allocate(capacity: 1)
                structure.initialize(
                    to: TableStructure(
                        base: sqlite3_vtab(), holder: .passRetained(TableHolder(table))))
                result!.pointee = UnsafeMutableRawPointer(structure)
                    .assumingMemoryBound(to: sqlite3_vtab.self)
                return SQLITE_OK
            } catch {
                message!.pointee = copied("\(error)")
                return SQLITE_ERROR
            }
        }

    /// An argument without its quotes, if it has some.
    private static func argument(_ text: UnsafePointer<CChar>?) -> String {
        let argument = text.map { String(cString: $0) } ?? ""
        guard argument.utf8.count >= 2, argument.hasPrefix("'"), argument.hasSuffix("'") else {
            return argument
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
            .assumingMemoryBound(to: TableStructure.self)
        structure.pointee.holder.release()
        structure.deallocate()
        return SQLITE_OK
    }

    private static let filter:
        @convention(c) (
            UnsafeMutablePointer<sqlite3_vtab_cursor>?, Int32, UnsafePointer<CChar>?, Int32,
            UnsafeMutablePointer<OpaquePointer?>?
        ) -> Int32 = { cursor, _, text, count, arguments in
            VirtualTableModule.attempt(cursor!.pointee.pVtab) {
                let plan = ScanPlan(text.map { String(cString: $0) } ?? "")
                var values: [[SQLCell]] = []
                for position in 0..<Int(count) {
                    let argument = arguments![position]
                    if plan.constraints[position].comparison == .isIn {
                        values.append(VirtualTableModule.list(argument))
                    } else {
                        values.append([SQLCell(argument)])
                    }
                }
                try VirtualTableModule.of(cursor).begin(plan, values)
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
