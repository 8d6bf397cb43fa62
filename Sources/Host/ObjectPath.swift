/// Where the object of a key is, below the folder of all objects.
///
/// An ordinary key is its own path, so that strangers can read the files. What a file system cannot
/// hold is escaped with `%`, which thus becomes `%25`: an empty part is `%-`, a leading dot of `.`
/// and `..` is `%2E`, a part near or over 200 bytes is cut into folders whose names end in `%+`,
/// and an object whose name a folder has, as `a` beside `a/b`, has `%=` after its name.
struct ObjectPath {
    static let partLimit = 200
    static let displacedMark = "%="
    private static let cutMark = "%+"

    /// The folders on the way, outermost first.
    let folders: [String]
    let name: String

    init(key: String) {
        var parts: [String] = []
        for part in key.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            parts += Self.escape(Array(part))
        }
        name = parts.removeLast()
        folders = parts
    }

    var folder: String { folders.map { $0 + "/" }.joined() }

    /// The usual place, unless it is a folder.
    var plain: String { folder + name }

    /// The place where a folder has the usual one.
    var displaced: String { folder + name + Self.displacedMark }

    /// The names that stand for one part of a key.
    private static func escape(_ part: [UInt8]) -> [String] {
        switch String(decoding: part, as: UTF8.self) {
        case "": return ["%-"]
        case ".": return ["%2E"]
        case "..": return ["%2E."]
        default: break
        }
        var names: [String] = []
        var current: [UInt8] = []
        for (position, byte) in part.enumerated() {
            // Cut before a character, never within one.
            if current.count >= partLimit - 3 && byte & 0xC0 != 0x80 && position > 0 {
                names.append(String(decoding: current, as: UTF8.self) + cutMark)
                current.removeAll()
            }
            if byte == UInt8(ascii: "%") {
                current += Array("%25".utf8)
            } else {
                current.append(byte)
            }
        }
        return names + [String(decoding: current, as: UTF8.self)]
    }

    /// What a name adds to a key: of a folder with the slash, if it is a whole part; nil for a
    /// stranger's.
    static func keyBytes(of name: String, isFolder: Bool) -> [UInt8]? {
        var rest = Array(name.utf8)
        let mark = Array((isFolder ? cutMark : displacedMark).utf8)
        let isMarked = rest.count > 2 && Array(rest.suffix(2)) == mark
        if isMarked { rest.removeLast(2) }
        let ending = isFolder && !isMarked ? [UInt8(ascii: "/")] : []
        if rest == Array("%-".utf8) { return ending }
        var key: [UInt8] = []
        var position = 0
        while position < rest.count {
            if rest[position] != UInt8(ascii: "%") {
                key.append(rest[position])
                position += 1
                continue
            }
            switch String(decoding: rest[position..<min(position + 3, rest.count)], as: UTF8.self) {
            case "%25": key.append(UInt8(ascii: "%"))
            case "%2E": key.append(UInt8(ascii: "."))
            default: return nil
            }
            position += 3
        }
        return key + ending
    }
}
