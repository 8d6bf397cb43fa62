import Platform
import ScenarioFiles
import Server
import Simulation

extension FaultEffect {
    static let partitions: [FaultEffect] = [
        blocking("partition") { fault, driver in
            driver.ways(between: fault.groups, fault.text("direction"))
        },
        blocking("bridgePartition") { fault, driver in
            driver.ways(between: driver.halves(without: fault.nodes[0]), "both")
        },
        blocking("ringPartition") { fault, driver in
            driver.ways(across: fault.nodes.isEmpty ? driver.members : fault.nodes)
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
                for (source, target) in driver.ways(from: fault.nodes) {
                    driver.world.clog(from: source, to: target)
                }
            },
            end: { fault, driver in
                for (source, target) in driver.ways(from: fault.nodes) {
                    driver.world.unclog(from: source, to: target)
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
    ]

    private static func blocking(
        _ name: FaultKindName,
        _ ways: @escaping @Sendable (FaultKind, FaultDriver) -> [(Place, Place)]
    ) -> FaultEffect {
        FaultEffect(
            name,
            begin: { fault, driver in
                for (source, target) in ways(fault, driver) {
                    driver.world.block(from: source, to: target)
                }
            },
            end: { fault, driver in
                for (source, target) in ways(fault, driver) {
                    driver.world.open(from: source, to: target)
                }
            })
    }
}

/// Between which machines nothing passes.
extension FaultDriver {
    func halves(without bridge: NodeName) -> [[NodeName]] {
        let others = nodes.filter { $0 != bridge }.enumerated()
        return [0, 1].map { half in others.filter { $0.offset % 2 == half }.map(\.element) }
    }

    func ways(across ring: [NodeName]) -> [(Place, Place)] {
        var ways: [(Place, Place)] = []
        for (position, source) in ring.enumerated() {
            for (other, target) in ring.enumerated() {
                let distance = abs(position - other)
                if distance > 1 && distance < ring.count - 1 {
                    ways.append((.machine(source.description), .machine(target.description)))
                }
            }
        }
        return ways
    }

    /// From these nodes, or from every one if none is named, to all others.
    func ways(from sources: [NodeName]) -> [(Place, Place)] {
        nodes.filter { sources.isEmpty || sources.contains($0) }.flatMap { source in
            nodes.filter { $0 != source }.map { target in
                (Place.machine(source.description), Place.machine(target.description))
            }
        }
    }

    /// `direction` says what of the first group is cut off: `both`, `outgoing` or `incoming`.
    func ways(between groups: [[NodeName]], _ direction: String) -> [(Place, Place)] {
        let all = groups.count > 1 ? groups : groups + [nodes.filter { !groups[0].contains($0) }]
        var ways: [(Place, Place)] = []
        for (position, group) in all.enumerated() {
            for other in all[(position + 1)...] {
                for first in group {
                    for second in other {
                        let near = Place.machine(first.description)
                        let far = Place.machine(second.description)
                        if direction != "incoming" || position > 0 { ways.append((near, far)) }
                        if direction != "outgoing" || position > 0 { ways.append((far, near)) }
                    }
                }
            }
        }
        return ways
    }
}
