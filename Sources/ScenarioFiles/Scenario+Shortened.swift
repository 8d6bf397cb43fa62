extension Scenario {
    /// The same scenario in less simulated time, as campaigns of many seeds run it.
    ///
    /// Dates shrink with the run. Lengths of faults stay, up to a quarter of the run, since leases
    /// and time-outs do not shrink; drawn faults come as often as every 5 seconds at most.
    /// A longer `length` than its own changes nothing.
    public func shortened(to length: Duration) -> Scenario {
        precondition(length > .zero, "a run without time")
        guard length < self.length else { return self }
        var scenario = self
        scenario.length = length
        let longest = length / 4
        scenario.scriptedFaults = FaultPlan(
            scriptedFaults.faults.map { fault in
                let lasting = min(fault.duration, longest)
                let at = min(scaled(fault.at, to: length), length - lasting)
                return PlannedFault(at: at, duration: lasting, kind: fault.kind)
            })
        scenario.drawnFaults = drawnFaults.map { drawn in
            var drawn = drawn
            drawn.from = scaled(drawn.from, to: length)
            drawn.until = scaled(drawn.until, to: length)
            drawn.every = min(drawn.every, max(scaled(drawn.every, to: length), .seconds(5)))
            drawn.lasting = min(drawn.lasting, longest)
            return drawn
        }
        return scenario
    }

    private func scaled(_ date: Duration, to length: Duration) -> Duration {
        let nanoseconds = Int128(date.wholeNanoseconds) * Int128(length.wholeNanoseconds)
        return .nanoseconds(Int64(nanoseconds / Int128(self.length.wholeNanoseconds)))
    }
}
