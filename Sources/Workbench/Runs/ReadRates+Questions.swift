import Oracles
import Platform
import ScenarioFiles

extension ReadRates {
    /// Each kind of question with the time between two of one reader, of `readerCount`.
    func questions(ofEach readerCount: Int) -> [(Question, Duration)] {
        let rates: [(Question, EventRate?)] = [
            (.lookup, lookups), (.scan, scans), (.search, searches),
            (.nearRows, nearRows), (.unionRead, unionReads), (.follow, follows),
            (.filter, filters), (.consume, consumes),
        ]
        return rates.compactMap { question, rate in
            rate?.interval.map { (question, $0 * readerCount) }
        }
    }
}
