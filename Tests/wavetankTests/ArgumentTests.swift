import Testing

@testable import wavetank

@Suite("Arguments of the command line")
struct ArgumentTests {
    @Test("A negative number after an option is its value")
    func negative() {
        #expect(Wavetank.joined(["run", "--seed", "-1"]) == ["run", "--seed=-1"])
        #expect(Wavetank.joined(["run", "-1"]) == ["run", "-1"])
        #expect(Wavetank.joined(["hunt", "--twice", "-h"]) == ["hunt", "--twice", "-h"])
    }

    @Test("A path is called by its shortest name")
    func paths() {
        #expect(shortPath("./a//b/./c.yaml") == "a/b/c.yaml")
        #expect(shortPath("/./x") == "/x")
        #expect(shortPath(".") == ".")
    }
}
