import Platform
import ScenarioFiles
import Server
import Simulation

extension FaultEffect {
    static let partitions: [FaultEffect] = [
        blocking("partition") { fault, driver in
            driver.ways.between(fault.groups, fault.text("direction"))
        },
        blocking("bridgePartition") { fault, driver in
            driver.ways.between(driver.ways.halves(without: fault.nodes[0]), "both")
        },
        blocking("ringPartition") { fault, driver in
            driver.ways.across(fault.nodes)
        },
    ]

    static let links: [FaultEffect] = [
        FaultEffect(
            "linkDelay",
            rates: { fault, rates in
                rates.onLinks(of: fault.nodes) {
                    $0.delay += fault.duration("by")
                    $0.jitter += fault.duration("jitter")
                }
            }),
        FaultEffect(
            "linkReset",
            rates: { fault, rates in
                rates.onLinks(of: fault.nodes) { $0.resets += fault.integer("rate") }
            }),
        FaultEffect(
            "linkClogged",
            begin: { fault, driver in
                for way in driver.ways.from(fault.nodes) {
                    driver.world.clog(from: .machine(way.source), to: .machine(way.target))
                }
            },
            end: { fault, driver in
                for way in driver.ways.from(fault.nodes) {
                    driver.world.unclog(from: .machine(way.source), to: .machine(way.target))
                }
            }),
        FaultEffect(
            "linkSlow",
            rates: { fault, rates in
                rates.onLinks(of: fault.nodes) {
                    $0.bytesPerSecond = min(
                        $0.bytesPerSecond ?? .max, Int64(fault.integer("bytesPerSecond")))
                }
            }),
        FaultEffect(
            "linkDuplication",
            rates: { fault, rates in
                rates.onLinks(of: fault.nodes) { $0.repeats += fault.integer("rate") }
            }),
        FaultEffect(
            "connectionReset",
            begin: { fault, driver in
                for node in fault.nodes {
                    for other in driver.nodes where other != node {
                        driver.world.resetConnections(
                            between: node.description, and: other.description)
                    }
                }
            }),
        FaultEffect(
            "connectionForgotten",
            begin: { fault, driver in
                fault.nodes.forEach { driver.world.forgetConnections(of: $0.description) }
            }),
        FaultEffect("connectionForeign") { fault, driver in
            for node in fault.nodes {
                driver.foreignCaller.call(node.description, times: fault.integer("calls"))
            }
        },
    ]

    private static func blocking(
        _ name: FaultKindName,
        _ ways: @escaping @Sendable (FaultKind, FaultDriver) -> [NodeWays.Way]
    ) -> FaultEffect {
        FaultEffect(
            name,
            begin: { fault, driver in
                for way in ways(fault, driver) {
                    driver.world.block(from: .machine(way.source), to: .machine(way.target))
                }
            },
            end: { fault, driver in
                for way in ways(fault, driver) {
                    driver.world.open(from: .machine(way.source), to: .machine(way.target))
                }
            })
    }
}

extension FaultDriver {
    var ways: NodeWays { NodeWays(nodes: nodes) }
}

extension Place {
    fileprivate static func machine(_ node: NodeName) -> Place { .machine(node.description) }
}
