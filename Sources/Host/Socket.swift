import NIOCore

/// A TCP socket as SwiftNIO sees it; Platform has a `Channel` of its own.
typealias Socket = any NIOCore.Channel
