import Foundation
import Testing

@Suite("What a configuration file says a process serves")
struct ServeConfigTests {
    private static let configuration = """
        listen: 127.0.0.1:PORT
        data: d
        logFormat: json
        users:
          - { name: admin, passwordFile: admin.txt }
          - { name: alice, password: hush hush }
        authorization: true
        superUsers: [User:admin]
        quotas:
          - { requests: 50 }
        """

    @Test("It is served, says how it is guarded, and tells no secret; the command line goes before")
    func served() throws {
        let program = try Program()
        defer { program.remove() }
        let port = Int.random(in: 30_000..<50_000)
        try program.write("secret of admin\n", to: "admin.txt")
        let text = Self.configuration.replacing("PORT", with: String(port))
        try program.write(text, to: "serve.yaml")
        let result = try program.run(
            ["serve", "--config", "serve.yaml", "--log-format", "text"], interruptAfter: 5)
        #expect(result.code == 0, "\(result)")
        #expect(result.errors.contains("127.0.0.1:\(port) (2 users, access lists, quotas)"))
        #expect(result.errors.contains("serve.yaml has secrets"), "\(result.errors)")
        #expect(!result.errors.contains("hush") && !result.errors.contains("secret of admin"))
    }

    @Test(
        "What cannot be served is refused before anything is made, and says what to do",
        arguments: [
            (["--config", "wrong.yaml"], "wrong.yaml:1:1: unknown key 'listn'; did you mean"),
            (["--config", "none.yaml", "--data", "d"], "none.yaml"),
            (["--config", "open.yaml"], "--insecure"),
            (["--config", "users.yaml"], "none.txt"),
            (["--data", "d", "--listen", "0.0.0.0:9123"], "name tls"),
            (["--data", "d", "--tls-certificate", "a.pem", "--tls-key", "b.pem"], "a.pem"),
        ])
    func refused(words: [String], hint: String) throws {
        let program = try Program()
        defer { program.remove() }
        try program.write("listn: 127.0.0.1:9123\ndata: d\n", to: "wrong.yaml")
        try program.write("listen: 0.0.0.0:9123\ndata: d\n", to: "open.yaml")
        try program.write(
            "data: d\nusers: [{ name: a, passwordFile: none.txt }]\n", to: "users.yaml")
        let result = try program.run(["serve"] + words)
        #expect(result.code == 3, "\(result)")
        #expect(result.errors.contains(hint), "\(result)")
        #expect(!FileManager.default.fileExists(atPath: program.folder + "/d"))
    }

    @Test("Without a folder, or with half a certificate, the usage is wrong")
    func usage() throws {
        let program = try Program()
        defer { program.remove() }
        for words in [
            ["serve"], ["serve", "--data", "d", "--tls-certificate", "a.pem"],
            ["serve", "quick.yaml", "--data", "d", "--config", "serve.yaml"],
        ] {
            #expect(try program.run(words).code == 64, "\(words)")
        }
    }
}
