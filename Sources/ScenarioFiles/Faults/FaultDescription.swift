public import Server

/// What a kind of fault is: parsing, schema, help, drawing and reports follow from it; what it does
/// to a world stands in the Workbench under the same name.
public struct FaultDescription: Sendable {
    /// What it may befall.
    public enum Victims: Sendable, Hashable {
        /// No single node: a service, or all of them.
        case none
        /// Servers, which alone keep data on their disks.
        case servers
        /// Nodes of the cluster; clients keep nothing on disk and hold no lease.
        case members
        case anyNode
    }

    /// As files write it.
    public let name: String
    /// What it does, in a sentence without its full stop.
    public let meaning: String
    let fields: [Field]
    /// The field that a bare value stands for.
    let shorthand: String?
    public let victims: Victims
    /// Whether it lasts for a time, rather than happen at one moment.
    public let lasts: Bool
    /// Whether a server loses what it had stored, synced or not.
    public let losesData: Bool
    /// Whether it damages what a disk holds, and nobody notices yet.
    public let damagesSilently: Bool
    /// Whether it befalls nodes of every role at once.
    public let isForAll: Bool
    /// Whether it may put all servers but one out of step at once.
    public let separates: @Sendable (FaultKind) -> Bool
    /// Whether a seed draws it only where the scenario names it: it befalls what few have.
    public let isDrawnByNameAlone: Bool
    /// Draws one of the kind; nil for a kind that is not drawn.
    public let draw: (@Sendable (any FaultDraw) -> FaultKind)?

    init(
        _ name: String, _ meaning: String, _ fields: [Field] = [], shorthand: String? = nil,
        victims: Victims = .none, lasts: Bool = true, losesData: Bool = false,
        damagesSilently: Bool = false, isForAll: Bool = false,
        separates: @escaping @Sendable (FaultKind) -> Bool = { _ in false },
        isDrawnByNameAlone: Bool = false,
        draw: (@Sendable (any FaultDraw) -> FaultKind)?
    ) {
        self.name = name
        self.meaning = meaning
        self.fields = fields
        self.shorthand = shorthand
        self.victims = victims
        self.lasts = lasts
        self.losesData = losesData
        self.damagesSilently = damagesSilently
        self.isForAll = isForAll
        self.separates = separates
        self.isDrawnByNameAlone = isDrawnByNameAlone
        self.draw = draw
    }

    /// The parameters as a file writes them.
    var body: RecordShape { RecordShape(fields, shorthand: shorthand) }

    /// An item of `faults` as a file may write it.
    public var example: String {
        let dates = lasts ? "at: 30s, for: 10s" : "at: 30s"
        let needed = fields.filter { field in
            if case .required = field.presence { true } else { field.name == shorthand }
        }
        if needed.isEmpty { return "{ \(dates), \(name): {} }" }
        if needed.count == 1, needed[0].name == shorthand {
            return "{ \(dates), \(name): \(needed[0].example) }"
        }
        let body = needed.map { "\($0.name): \($0.example)" }.joined(separator: ", ")
        return "{ \(dates), \(name): { \(body) } }"
    }

    /// Every kind, in the order of the reference.
    public static let all: [FaultDescription] =
        processes + clocks + partitions + links + budgets + disks + damages + objectStore
        + coordination + lake + vectors + cuts + strikes

    private static let positions = Dictionary(
        uniqueKeysWithValues: all.enumerated().map { ($0.element.name, $0.offset) })

    public static func named(_ name: String) -> FaultDescription? {
        positions[name].map { all[$0] }
    }
}

/// What a seed draws the parameters of a fault from.
public protocol FaultDraw: AnyObject {
    /// Any node of the cluster, a server most often.
    func node() -> NodeName
    func server() -> NodeName
    /// The one server that may lose data for good.
    var unlucky: NodeName { get }
    /// From 0 to below the bound.
    func number(below bound: Int) -> Int
    /// True once in two.
    func coin() -> Bool
}

extension FaultDraw {
    /// From one to so many parts per million.
    func rate(upTo partsPerMillion: Int) -> CheckedValue.Content {
        .integer(1 + number(below: partsPerMillion))
    }

    /// One of some words, evenly drawn.
    func word(of words: [String]) -> CheckedValue.Content {
        .text(words[number(below: words.count)])
    }
}
