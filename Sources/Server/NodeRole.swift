/// What a node of a cluster does.
public enum NodeRole: String, Sendable, Hashable, CaseIterable {
    case server, coordinator, tierer, indexer
    /// Runs no part of the cluster: it asks, as applications do.
    case client
}
