import Testing

@testable import Host

@Suite("The protocol of PostgreSQL")
struct PostgresTests {
    @Test("SCRAM-SHA-256 as in the example of RFC 7677")
    func scram() throws {
        var exchange = ScramExchange(password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO")
        // The user is in the message before: PostgreSQL leaves it out of this one.
        #expect(exchange.first == "n,,n=,r=rOprNGfwEbeRWgbNEkqO")
        let challenge =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
            + "i=4096"
        let answer = try exchange.answer(to: challenge)
        #expect(answer.hasPrefix("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p="))
        #expect(throws: PostgresError.self) { try exchange.verify("v=AAAA") }
        #expect(!exchange.isVerified)
        for wrong in [
            "", "r=x,s=AAAA,i=1", "r=rOprNGfwEbeRWgbNEkqOa,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0",
        ] {
            #expect(throws: PostgresError.self) { try exchange.answer(to: wrong) }
        }
    }

    @Test("MD5 as in the examples of RFC 1321")
    func md5() {
        #expect(MD5.hexadecimal([]) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(MD5.hexadecimal(Array("message digest".utf8)) == "f96b697d7cb7938d525a2f31aaf161d0")
        let digits = String(repeating: "1234567890", count: 8)
        #expect(MD5.hexadecimal(Array(digits.utf8)) == "57edf4a22be3c955ac49da2e2107b67a")
    }

    @Test("An address is read, and what is none is refused")
    func addresses() throws {
        let address = try PostgresAddress("postgres://me:a%40b@db.example:5433/shop")
        #expect(address.user == "me")
        #expect(address.password == "a@b")
        #expect(address.database == "shop")
        #expect(address.service == ServiceAddress(host: "db.example", port: 5433))
        #expect(!address.shown.contains("a@b"))
        let short = try PostgresAddress("postgresql://me@localhost")
        #expect(short.database == "me")
        #expect(short.service.port == 5432)
        for wrong in [
            "http://a", "postgres://host/db", "postgres://@host/db", "postgres://a@h:x/d",
        ] {
            #expect(throws: PostgresError.self) { try PostgresAddress(wrong) }
        }
    }
}
