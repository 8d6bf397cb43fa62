import ScenarioFiles
import Server
import Simulation

extension FaultEffect {
    static let disks: [FaultEffect] = [
        FaultEffect(
            "diskSlow",
            rates: { fault, rates in
                rates.onDisks(of: fault.nodes) {
                    $0.slowFactor = max($0.slowFactor, fault.integer("factor"))
                }
            }),
        FaultEffect(
            "diskFull",
            rates: { fault, rates in rates.onDisks(of: fault.nodes) { $0.isFull = true } }),
        FaultEffect(
            "diskBudget",
            rates: { fault, rates in
                rates.onDisks(of: fault.nodes) {
                    $0.capacityBytes = min($0.capacityBytes, Int64(fault.integer("bytes")))
                }
            }),
        FaultEffect(
            "diskErrors",
            rates: { fault, rates in
                let rate = fault.integer("rate")
                let operation = fault.text("operation")
                rates.onDisks(of: fault.nodes) {
                    let isOfData = ["both", "any"].contains(operation)
                    if isOfData || operation == "read" { $0.failingReadsPerMillion += rate }
                    if isOfData || operation == "write" { $0.failingWritesPerMillion += rate }
                    if operation == "names" || operation == "any" {
                        $0.failingNamesPerMillion += rate
                    }
                }
            }),
        FaultEffect(
            "fileLimit",
            rates: { fault, rates in
                rates.onDisks(of: fault.nodes) {
                    $0.openFileLimit = min($0.openFileLimit, fault.integer("files"))
                }
            }),
        FaultEffect(
            "slowNode",
            rates: { fault, rates in
                let factor = fault.integer("factor")
                rates.onDisks(of: fault.nodes) { $0.slowFactor = max($0.slowFactor, factor) }
                // Times the mean latency of a message between two machines.
                rates.onLinks(of: fault.nodes) { $0.delay += .microseconds(240 * (factor - 1)) }
            }),
        FaultEffect(
            "syncFailure",
            rates: { fault, rates in
                rates.onDisks(of: fault.nodes) {
                    $0.failingSyncsPerMillion += fault.integer("rate")
                }
            }),
        FaultEffect("bitRot") { fault, driver in
            for node in fault.nodes {
                _ = driver.world.rotBit(node.description, inPathContaining: fault.file)
            }
        },
        FaultEffect("unreadableSector") { fault, driver in
            for node in fault.nodes {
                _ = driver.world.loseSector(node.description, inPathContaining: fault.file)
            }
        },
        FaultEffect("lostWrite") { fault, driver in
            for node in fault.nodes {
                driver.world.loseWrite(node.description, inPathContaining: fault.file)
            }
        },
        FaultEffect("misdirectedWrite") { fault, driver in
            for node in fault.nodes {
                driver.world.misdirectWrite(node.description, inPathContaining: fault.file)
            }
        },
    ]
}
