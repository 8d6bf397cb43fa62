import JSON
import Platform

/// Questions in JSON to a vector database, told apart by what may have become of them.
final class VectorConversation {
    private let conversation: HTTPConversation
    private let url: String

    init(_ url: String) throws(HostError) {
        conversation = try HTTPConversation(url)
        self.url = url
    }

    /// What is answered, whatever its status.
    ///
    /// Throws `VectorServiceError.unavailable` where nothing was sent, `.outcomeUnknown` where no
    /// answer came.
    func ask(
        _ method: String, _ path: String, _ body: JSONValue? = nil, about collection: String
    ) throws(VectorServiceError) -> (status: Int, body: JSONValue) {
        do throws(HostError) { try conversation.connect() } catch {
            throw .unavailable(collection: collection)
        }
        let answer: HTTPConversation.Answer
        do throws(HostError) {
            answer = try conversation.ask(
                method, path, contentType: body == nil ? nil : "application/json",
                body: body.map { Array($0.compact.utf8) } ?? [], timeout: 30)
        } catch {
            throw .outcomeUnknown(collection: collection)
        }
        // 429: too many requests; 503: not now, before anything was done (RFC 9110).
        if answer.status == 429 || answer.status == 503 {
            throw .unavailable(collection: collection)
        }
        if answer.status >= 500 { throw .outcomeUnknown(collection: collection) }
        return (answer.status, (try? JSONValue(parsing: answer.body)) ?? .null)
    }
}

extension VectorPoint {
    /// Under which names services keep what is not a column.
    enum Name {
        static let identifier = "wavetank_id"
        static let version = "wavetank_version"
        static let partition = "wavetank_partition"
        static let vector = "vector"
        static let reserved = [identifier, version, partition, vector]
    }

    /// What is kept beside identifier and vector.
    var members: [JSONMember] {
        var members = [JSONMember(Name.version, .integer(version))]
        if let partition { members.append(JSONMember(Name.partition, .integer(partition))) }
        return members + attributes
    }

    /// Members that are attributes.
    static func attributes(of members: [JSONMember]) -> [JSONMember] {
        members.filter { !Name.reserved.contains($0.name) }
    }
}

extension VectorCollection {
    /// Checks that a request has no more points than it may have.
    func check(_ count: Int) {
        precondition(
            count <= requestPointLimit, "a request of \(count) points, for collection \(name)")
    }

    /// Refuses points that are of another shape, before anything is sent: of a request with one of
    /// them Qdrant writes the others.
    func check(_ points: [VectorPoint]) throws(VectorServiceError) {
        check(points.count)
        for point in points where point.vector.count != dimension {
            throw .refused(
                collection: name,
                reason: "a vector has \(point.vector.count) elements, not \(dimension)")
        }
    }
}

extension JSONValue {
    /// A vector as services write it.
    init(vector: [Float]) { self = .array(vector.map { .number(Double($0)) }) }

    /// A vector that a service wrote.
    var vector: [Float]? {
        guard let elements = array else { return nil }
        let numbers = elements.compactMap(\.double)
        return numbers.count == elements.count ? numbers.map { Float($0) } : nil
    }
}
