public import Testing

/// Expects `body` to throw just this error.
///
/// `#expect(throws:)` runs an async closure without its caller's isolation, so that code between
/// two waits of a machine's task would no longer be atomic; this does not.
public func expectError<Failure: Error & Equatable>(
    _ expected: Failure, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    let error = await expectError(Failure.self, sourceLocation: sourceLocation, body)
    if let error { #expect(error == expected, sourceLocation: sourceLocation) }
}

/// Expects `body` to throw an error of this type, and returns it.
@discardableResult
public func expectError<Failure: Error>(
    _ type: Failure.Type, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async -> Failure? {
    do {
        try await body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
    } catch let error as Failure {
        return error
    } catch {
        Issue.record("another error was thrown: \(error)", sourceLocation: sourceLocation)
    }
    return nil
}
