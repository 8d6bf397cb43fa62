import ArgumentParser
import JSON
import ScenarioFiles

/// `wavetank schema`.
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the JSON schema of scenario files, for editors.",
        discussion: """
            Save it and name it in your editor's settings for YAML, or in the first line of a \
            scenario: # yaml-language-server: $schema=scenario.schema.json
            """)

    func run() throws { try show(scenarioJSONSchema().pretty) }
}
