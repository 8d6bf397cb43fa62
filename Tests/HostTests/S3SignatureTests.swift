import Testing

@testable import Host

/// The examples of AWS's own page on signatures in headers.
@Suite("Signatures of S3 requests")
struct S3SignatureTests {
    private static let signature = S3Signature(
        credentials: S3Credentials(
            accessKey: "AKIAIOSFODNN7EXAMPLE",
            secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), region: "us-east-1")
    private static let host = (name: "host", value: "examplebucket.s3.amazonaws.com")
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    /// Friday, 24 May 2013, midnight.
    private static let seconds: Int64 = 1_369_353_600

    private static let vectors: [(subject: S3Signature.Subject, expected: String)] = [
        (
            S3Signature.Subject(
                method: "GET", path: "/test.txt",
                headers: [host, (name: "range", value: "bytes=0-9")], bodyHash: empty),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        (
            S3Signature.Subject(
                method: "PUT", path: "/" + S3Signature.escaped("test$file.text", keeping: "/"),
                headers: [
                    host, (name: "date", value: "Fri, 24 May 2013 00:00:00 GMT"),
                    (name: "x-amz-storage-class", value: "REDUCED_REDUNDANCY"),
                ],
                bodyHash: SHA256.hexadecimal(SHA256.digest(Array("Welcome to Amazon S3.".utf8)))),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        (
            S3Signature.Subject(
                method: "GET", path: "/", query: [(name: "lifecycle", value: "")],
                headers: [host], bodyHash: empty),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        (
            S3Signature.Subject(
                method: "GET", path: "/",
                query: [(name: "prefix", value: "J"), (name: "max-keys", value: "2")],
                headers: [host], bodyHash: empty),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ]

    @Test("AWS's examples come out as AWS has them", arguments: vectors.indices)
    func examples(_ index: Int) {
        let example = Self.vectors[index]
        let headers = Self.signature.headers(for: example.subject, atSeconds: Self.seconds)
        let authorization = headers.first { $0.name == "authorization" }?.value ?? ""
        #expect(authorization.hasSuffix("Signature=" + example.expected))
        #expect(headers.contains { $0 == ("x-amz-date", "20130524T000000Z") })
    }

    @Test("SHA-256 gives the digests of FIPS 180 and the codes of RFC 4231")
    func digests() {
        func digest(_ bytes: [UInt8]) -> String { SHA256.hexadecimal(SHA256.digest(bytes)) }
        #expect(digest([]) == Self.empty)
        #expect(
            digest(Array("abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digest(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            digest([UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        let code = SHA256.authenticationCode(
            Array("Hi There".utf8), key: [UInt8](repeating: 0x0b, count: 20))
        #expect(
            SHA256.hexadecimal(code)
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    }

    @Test("Credentials come from the environment, then from the files")
    func credentials() throws {
        let files = [
            "/h/.aws/credentials": """
            # comment
            [default]
            aws_access_key_id = one
            aws_secret_access_key=two==
            [other]
            aws_access_key_id = three
            aws_secret_access_key = four
            aws_session_token = five
            """, "/h/.aws/config": "[default]\nregion = eu-north-1\n[profile other]\nregion=x\n",
        ]
        let read: (String) -> [UInt8]? = { path in files[path].map { Array($0.utf8) } }
        var environment = ["HOME": "/h"]
        #expect(
            try S3Credentials.find(environment, readFile: read)
                == S3Credentials(accessKey: "one", secretKey: "two=="))
        #expect(S3Credentials.region(environment, readFile: read) == "eu-north-1")
        environment["AWS_PROFILE"] = "other"
        #expect(
            try S3Credentials.find(environment, readFile: read)
                == S3Credentials(accessKey: "three", secretKey: "four", sessionToken: "five"))
        #expect(S3Credentials.region(environment, readFile: read) == "x")
        environment["AWS_PROFILE"] = "none"
        #expect(throws: HostError.self) { try S3Credentials.find(environment, readFile: read) }
        environment["AWS_ACCESS_KEY_ID"] = "six"
        #expect(throws: HostError.self) { try S3Credentials.find(environment, readFile: read) }
        environment["AWS_SECRET_ACCESS_KEY"] = "seven"
        #expect(
            try S3Credentials.find(environment, readFile: read)
                == S3Credentials(accessKey: "six", secretKey: "seven"))
    }

    @Test("A store is named by its address, or refused with what to name")
    func addresses() throws {
        let environment = [
            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_ENDPOINT_URL": "http://[::1]:9000",
        ]
        let named = try S3Configuration.parse("http://localhost:8333/lake/a/b/", environment) {
            _ in nil
        }
        #expect(named.address == ServiceAddress(host: "localhost", port: 8333))
        #expect(named.bucket == "lake" && named.prefix == "a/b/")
        let short = try S3Configuration.parse("s3://lake", environment) { _ in nil }
        #expect(short.address.description == "[::1]:9000")
        #expect(short.bucket == "lake" && short.prefix == "")
        let secure = try S3Configuration.parse("https://localhost/lake", environment) { _ in nil }
        #expect(secure.address == ServiceAddress(host: "localhost", port: 443, isSecure: true))
        #expect(secure.address.description == "localhost" && secure.trust != nil)
        #expect(named.trust == nil)
        var amazon = environment
        amazon["AWS_ENDPOINT_URL"] = nil
        amazon["AWS_REGION"] = "eu-central-1"
        let standard = try S3Configuration.parse("s3://lake/a", amazon) { _ in nil }
        #expect(standard.address.url == "https://s3.eu-central-1.amazonaws.com")
        #expect(throws: HostError.self) {
            try S3Configuration.parse(
                "https://localhost/lake", environment, authorities: "/nowhere.pem"
            ) { _ in nil }
        }
        for url in [
            "https://localhost", "http://localhost", "http://:1/lake", "http://a:0/lake",
            "http://a:x/lake", "s3://", "s3://UPPER", "ftp://a/lake", "", "http://a/b?c",
        ] {
            #expect(throws: HostError.self) {
                try S3Configuration.parse(url, environment) { _ in nil }
            }
        }
    }

    @Test("What is listed bears the keys that it was put under, in our bucket and in others")
    func placesOfKeys() {
        let store = S3Configuration(
            address: ServiceAddress(host: "localhost", port: 8333), bucket: "lake", prefix: "a/",
            credentials: S3Credentials(accessKey: "a", secretKey: "b"))
        // A catalog of others may put a table into our own bucket as well, within our prefix too.
        for (listed, key, bucket, name) in [
            ("lake/", "lake/x", "lake", "a/lake/x"), ("s3:ice/", "s3:ice/x/y", "ice", "x/y"),
            ("s3:lake/x/", "s3:lake/x/y", "lake", "x/y"),
            ("s3:lake/a/", "s3:lake/a/y", "lake", "a/y"),
        ] {
            let place = store.place(of: key)
            #expect(place.bucket == bucket && place.key == name)
            #expect(store.key(of: name, listedBy: listed) == key)
        }
    }

    @Test("A signed request is known by its secret, its time and its body, and by nothing less")
    func verification() throws {
        let now: Int64 = 1_700_000_000
        var request = HTTPServer.Request(
            method: "PUT", target: "/warehouse/shop/a%20b?uploadId=x%2Fy&partNumber=1",
            headers: [("host", "127.0.0.1:9180"), ("range", "bytes=0-9")], body: [1, 2, 3])
        let subject = S3Signature.Subject(
            method: "PUT", path: "/warehouse/shop/a%20b",
            query: [("uploadId", "x/y"), ("partNumber", "1")], headers: request.headers,
            bodyHash: SHA256.hexadecimal(SHA256.digest(request.body)))
        let signature = S3Signature(
            credentials: S3Credentials(accessKey: "alice", secretKey: "hush"), region: "here")
        request.headers += signature.headers(for: subject, atSeconds: now)
        func isSigned(
            _ request: HTTPServer.Request, _ secret: String = "hush", at time: Int64 = now + 60
        ) -> Bool {
            let signed = S3SignedRequest(request)
            #expect(signed?.accessKey == "alice")
            return signed?.isSigned(with: Array(secret.utf8), atSeconds: time) ?? false
        }
        #expect(isSigned(request))
        #expect(!isSigned(request, "hush!") && !isSigned(request, ""))
        #expect(!isSigned(request, at: now + 1000) && !isSigned(request, at: now - 1000))
        for change: (inout HTTPServer.Request) -> Void in [
            { $0.body = [1, 2] }, { $0.method = "GET" }, { $0.target += "&a=b" },
            { $0.target = "/warehouse/shop/a%20c?uploadId=x%2Fy&partNumber=1" },
            { $0.headers[1].value = "bytes=0-8" }, { $0.headers.remove(at: 1) },
        ] {
            var changed = request
            change(&changed)
            #expect(!isSigned(changed))
        }
        request.headers.removeAll { $0.name == "authorization" }
        #expect(S3SignedRequest(request) == nil)
    }
}
