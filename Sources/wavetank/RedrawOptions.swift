import ArgumentParser
import Simulation

/// From which moment on a run is drawn anew; common to `run` and `replay`.
struct RedrawOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Draw everything anew from this simulated moment on, as in 41.7s.",
            discussion: "Up to it the run is the same. It ends at the first violation."))
    var redrawFrom: TimeSpan?

    @Option(help: "Which of the ways to go on after --redraw-from, from 1.")
    var redrawNumber: UInt64 = 1

    var redraw: Redraw? {
        redrawFrom.map { Redraw(at: $0.duration, number: redrawNumber) }
    }
}
