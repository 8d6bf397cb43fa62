import ScenarioFiles
import Server
import Simulation

extension FaultEffect {
    static let processes: [FaultEffect] = [
        FaultEffect(
            "crash", keepsDown: .itsNodes,
            begin: { fault, driver in fault.nodes.forEach { driver.takeDown($0, false) } },
            end: { fault, driver in fault.nodes.forEach { driver.bringUp($0) } }),
        FaultEffect(
            "crashLoop",
            begin: { fault, driver in driver.crashAgain(fault) },
            end: { fault, driver in driver.endLoop(fault) }),
        FaultEffect(
            "restartAll", keepsDown: .members,
            begin: { _, driver in driver.members.forEach { driver.takeDown($0, false) } },
            end: { _, driver in driver.members.forEach { driver.bringUp($0) } }),
        FaultEffect(
            "rollingRestart",
            begin: { fault, driver in driver.restartNext(0, of: fault) },
            end: { fault, driver in driver.endRestarts(of: fault) }),
        FaultEffect(
            "stepsApart", rates: { _, rates in rates.keepsStepsApart = true }),
        FaultEffect(
            "nodeLoss", begin: { fault, driver in fault.nodes.forEach { driver.lose($0) } }),
        FaultEffect(
            "diskLoss", keepsDown: .itsNodes,
            begin: { fault, driver in fault.nodes.forEach { driver.loseDisk($0) } },
            end: { fault, driver in fault.nodes.forEach { driver.bringUp($0) } }),
        FaultEffect(
            "configurationChange", keepsDown: .itsNodes,
            begin: { fault, driver in
                for node in fault.nodes {
                    driver.takeDown(node, false)
                    driver.reconfigure(node, fault.integer("segmentBytes"))
                }
            },
            end: { fault, driver in fault.nodes.forEach { driver.bringUp($0) } }),
        FaultEffect(
            "upgrade", keepsDown: .itsNodes,
            begin: { fault, driver in
                for node in fault.nodes {
                    driver.takeDown(node, false)
                    driver.upgrade(node)
                }
            },
            end: { fault, driver in fault.nodes.forEach { driver.bringUp($0) } }),
        FaultEffect(
            "powerLoss", keepsDown: .itsNodes,
            begin: { fault, driver in fault.nodes.forEach { driver.takeDown($0, true) } },
            end: { fault, driver in fault.nodes.forEach { driver.bringUp($0) } }),
        FaultEffect(
            "pause",
            begin: { fault, driver in
                fault.nodes.forEach { driver.world.pause($0.description) }
            },
            end: { fault, driver in
                fault.nodes.forEach { driver.world.resume($0.description) }
            }),
        FaultEffect(
            "clockStep",
            begin: { fault, driver in
                for node in fault.nodes {
                    driver.world.stepClock(node.description, by: fault.duration("by"))
                }
            }),
        FaultEffect(
            "clockDrift",
            begin: { fault, driver in
                for node in fault.nodes {
                    driver.world.setClockDrift(
                        node.description, partsPerMillion: fault.integer("partsPerMillion"))
                }
            },
            end: { fault, driver in
                for node in fault.nodes {
                    driver.world.setClockDrift(node.description, partsPerMillion: 0)
                }
            }),
        FaultEffect(
            "memoryBudget",
            rates: { fault, rates in
                rates.limitMemory(of: fault.nodes, byteCount: fault.integer("bytes"))
            }),
    ]
}
