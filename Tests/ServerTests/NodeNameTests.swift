import Server
import Testing

@Suite("Names of nodes")
struct NodeNameTests {
    @Test(
        "A name says role and number, and is read back",
        arguments: ["server-1", "coordinator-2", "tierer-10", "indexer-3", "client-99"])
    func readBack(text: String) {
        #expect(NodeName(text)?.description == text)
    }

    @Test(
        "What is no name of a node is refused",
        arguments: [
            "", "server", "server-", "server-0", "server-01", "server--1", "server-1-2", "boat-1",
            "server-x", "server-99999999999999999999",
        ])
    func refused(text: String) {
        #expect(NodeName(text) == nil)
    }

    @Test("Nodes are in order of role and number, not of text")
    func order() {
        let names = [NodeName(.server, 10), NodeName(.server, 2), NodeName(.client, 3)]
        #expect(names.sorted().map(\.description) == ["client-3", "server-2", "server-10"])
    }
}
