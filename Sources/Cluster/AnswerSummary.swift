import Columnar

/// What the frame of an answer says in short, for tools: which call it answers, and how.
public struct AnswerSummary: Hashable, Sendable {
    /// The call, by its name.
    public var call: String
    /// Why it was refused, or the first of its parts was; nil where it was done.
    public var refusal: String?
    /// Whether it asks for rows or offsets and changes nothing.
    public var isRead: Bool

    /// What frames say that answer a fetch, after their call number.
    public static let fetchKey = APIKey.fetchLog.rawValue

    /// Nil for a frame that is no answer.
    public init?(of frame: [UInt8]) {
        var reader = ByteReader(frame)
        guard (try? reader.skip(4)) != nil, let header = try? CallHeader(from: &reader),
            let key = APIKey(rawValue: header.key), let response = try? Response(from: &reader)
        else { return nil }
        call = "\(key)"
        isRead = FrameAnatomy(of: frame, isCall: false).kind == .read
        switch response {
        case .failure(let error): refusal = "\(error)"
        case .fetched(let parts): refusal = parts.compactMap(\.error).first.map { "\($0)" }
        case .filtered(let parts, _): refusal = parts.compactMap(\.error).first.map { "\($0)" }
        default: break
        }
    }
}
