import Platform

extension HostWorld {
    /// Ends all machines as a process does that leaves on purpose: their leases end at once, so
    /// that others take over now and not when the leases would have run out.
    ///
    /// What they acknowledged is on disk in every replica in sync, as at any other moment.
    public func leave(atMost duration: Duration = .seconds(3)) {
        if isShutDown { return }
        let leaving = nodes.keys.sorted()
        for name in leaving { crash(name) }
        settle()
        let leases = grantedLeases
        grantedLeases = []
        var isDone = false
        start("farewell") { machine in
            for lease in leases.reversed() {
                do { try await machine.coordination.revokeLease(lease) } catch is CoordinationError
                {
                    // It has ended, or will by itself.
                }
            }
            isDone = true
        }
        _ = run(atMost: duration) { isDone }
        crash("farewell")
        settle()
    }
}
