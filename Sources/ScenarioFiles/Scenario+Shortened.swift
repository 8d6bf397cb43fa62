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
        scenario.isShortened = true
        scenario.scriptedFaults = shortened(scriptedFaults, to: length)
        scenario.drawnFaults = shortened(drawnFaults, to: length)
        for position in acts.indices {
            scenario.acts[position].at = scaled(acts[position].at, to: length)
        }
        for (position, drawn) in drawnActs.enumerated() {
            scenario.drawnActs[position].from = scaled(drawn.from, to: length)
            scenario.drawnActs[position].until = scaled(drawn.until, to: length)
            scenario.drawnActs[position].every = min(
                drawn.every, max(scaled(drawn.every, to: length), .seconds(2)))
        }
        if let bench {
            scenario.bench?.scriptedStorm = shortened(bench.scriptedStorm, to: length)
            scenario.bench?.drawnStorm = shortened(bench.drawnStorm, to: length)
        }
        return scenario
    }

    private func shortened(_ plan: FaultPlan, to length: Duration) -> FaultPlan {
        FaultPlan(
            plan.faults.map { fault in
                let lasting = min(fault.duration, length / 4)
                let at = min(scaled(fault.at, to: length), length - lasting)
                return PlannedFault(
                    at: at, duration: lasting, kind: fault.kind, trigger: fault.trigger)
            })
    }

    private func shortened(_ drawn: [DrawnFaults], to length: Duration) -> [DrawnFaults] {
        drawn.map { drawn in
            var drawn = drawn
            drawn.from = scaled(drawn.from, to: length)
            drawn.until = scaled(drawn.until, to: length)
            drawn.every = min(drawn.every, max(scaled(drawn.every, to: length), .seconds(5)))
            drawn.lasting = min(drawn.lasting, length / 4)
            return drawn
        }
    }

    private func scaled(_ date: Duration, to length: Duration) -> Duration {
        let nanoseconds = Int128(date.wholeNanoseconds) * Int128(length.wholeNanoseconds)
        return .nanoseconds(Int64(nanoseconds / Int128(self.length.wholeNanoseconds)))
    }
}
