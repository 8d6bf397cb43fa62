import ArgumentParser
import Foundation
import Host

/// How a command is let into a served process.
struct CredentialOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Who calls, where the process has users; the password is taken from "
                + "WAVETANK_PASSWORD. Without a user the token in WAVETANK_TOKEN is sent, if there "
                + "is one.", valueName: "name"))
    var user: String?

    @Option(
        help: ArgumentHelp(
            "The certificates, in PEM, of those who may vouch for an https:// process, instead of "
                + "the system's.", valueName: "file"), completion: .file())
    var authorities: String?

    /// A conversation with a process at an address.
    ///
    /// - Throws: `HostError`.
    func conversation(with url: String) throws -> HTTPConversation {
        try HTTPConversation(url, credentials: try credentials(), authorities: authorities)
    }

    func credentials() throws -> HTTPConversation.Credentials? {
        let environment = ProcessInfo.processInfo.environment
        guard let user else { return environment["WAVETANK_TOKEN"].map { .token($0) } }
        guard let password = environment["WAVETANK_PASSWORD"] else {
            throw ValidationError("the password of \(user) is taken from WAVETANK_PASSWORD: set it")
        }
        return .password(user: user, password)
    }
}
