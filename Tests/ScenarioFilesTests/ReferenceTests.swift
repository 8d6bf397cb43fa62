import Foundation
import Testing

@testable import ScenarioFiles

@Suite("The reference")
struct ReferenceTests {
    static let folder = ScenarioFolderTests.root
        .appending(path: "../Sources/ScenarioFiles/ScenarioFiles.docc").standardizedFileURL

    @Test(
        "Pages of the repository say what the tables say: renew them with wavetank help",
        arguments: Reference.Topic.allCases)
    func pages(topic: Reference.Topic) throws {
        let name = topic.rawValue.prefix(1).uppercased() + topic.rawValue.dropFirst()
        let file = Self.folder.appending(path: "\(name).md")
        let page = try String(contentsOf: file, encoding: .utf8)
        #expect(
            page == Reference(topic).markdown,
            "wavetank help \(topic.rawValue) --markdown > \(file.path)")
    }

    @Test("Every example of a key can be read", arguments: Reference.Topic.allCases)
    func examples(topic: Reference.Topic) throws {
        for entry in Reference(topic).entries {
            for field in entry.fields { try read(field) }
        }
    }

    private func read(_ field: Field) throws {
        if case .record(let record) = field.shape, field.ownExample == nil {
            for field in record.fields { try read(field) }
            return
        }
        if case .list = field.shape, field.ownExample == nil { return }
        let node = try #require(try SourceNode.parse(yaml: field.example, path: "example"))
        var reader = ShapeReader(path: "example")
        let value = reader.read(node, as: field.shape, of: field.name)
        #expect(value != nil && reader.errors.isEmpty, "\(field.name): \(reader.errors)")
    }

    @Test("Each key has a sentence without its full stop", arguments: Reference.Topic.allCases)
    func sentences(topic: Reference.Topic) {
        for entry in Reference(topic).entries {
            for field in entry.fields {
                #expect(!field.meaning.isEmpty && !field.meaning.hasSuffix("."), "\(field.name)")
            }
        }
    }

    @Test("A name of a topic can be asked for alone")
    func names() throws {
        let faults = Reference(.faults)
        for name in faults.names {
            let text = try #require(faults.text(of: name))
            #expect(text.hasPrefix("\(name): "))
        }
        #expect(faults.text(of: "nothing") == nil)
        #expect(try #require(Reference(.cluster).text(of: "buckets")).contains("1 to 1024"))
    }
}
