// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

// The checksum is on the path of every byte, the distance on that of every search; without this,
// debug builds spend most of their time in them.
let fastC: [CSetting] = [.unsafeFlags(["-O2"])]

/// A library that the program needs; who takes the libraries with `traits: []` does not fetch it.
func foreign(_ name: String, _ package: String) -> Target.Dependency {
    .product(name: name, package: package, condition: .when(traits: ["Program"]))
}

let argumentParser = foreign("ArgumentParser", "swift-argument-parser")
let nio =
    ["NIOCore", "NIOHTTP1", "NIOPosix", "NIOTLS"].map { foreign($0, "swift-nio") }
    + [foreign("NIOSSL", "swift-nio-ssl")]
let yams = foreign("Yams", "Yams")

/// A module of our own and, where it has one, its test target.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies + ["TestSupport"], swiftSettings: strict)
}

// Data goes down this list; an arrow points only to what stands further down.
let sources: [Target] = [
    .executableTarget(
        name: "wavetank",
        dependencies: [
            "Workbench", "Ingest", "LakeSQL", "Host", "CBuild", argumentParser,
        ],
        swiftSettings: strict),
    module(
        "Workbench",
        [
            "Oracles", "Server", "Fluss", "VectorSinks", "Cluster", "Simulation", "Host",
            "ScenarioFiles",
            "LakeSQL", "Workloads", "RunReports",
        ]),
    module(
        "Ingest",
        [
            "Workloads", "Server", "Fluss", "VectorSinks", "Cluster", "Host", "Parquet", "Columnar",
            "JSON", "Platform", "CZstd", "CZlib",
        ]),
    module("SeedTrials", ["RunReports", "Simulation", "JSON", "Platform"]),
    module("RunReports", ["JSON"]),
    module(
        "ScenarioFiles",
        [
            "Oracles", "Workloads", "Server", "Cluster", "LakeTiering", "JSON", yams,
        ]),
    module(
        "Oracles",
        [
            "Workloads", "Server", "VectorSinks", "Cluster", "UnionRead", "LakeTiering",
            "RemoteLog", "Vectors", "Iceberg", "Parquet", "KeyValue", "Changelog", "Columnar",
            "Platform",
        ]),
    module("Workloads", ["Columnar", "JSON", "Platform"]),
    module(
        "Server",
        [
            "Fluss", "VectorSinks", "Cluster", "UnionRead", "LakeSQL", "LakeTiering", "Iceberg",
            "Changelog", "JSON", "Columnar", "Platform",
        ]),
    module("Fluss", ["Cluster", "Changelog", "JSON", "Columnar", "Platform"]),
    module(
        "VectorSinks",
        ["Cluster", "Vectors", "Changelog", "Columnar", "JSON", "Platform", "CChecksum"]),
    module(
        "Cluster",
        ["UnionRead", "LakeTiering", "RemoteLog", "Vectors", "KeyValue", "Changelog"]),
    module("UnionRead", ["LakeTiering", "Iceberg", "Changelog", "JSON", "Columnar", "Platform"]),
    module(
        "LakeSQL", ["LakeTiering", "Iceberg", "JSON", "Columnar", "Platform", "CSQLite"]),
    module("LakeTiering", ["Iceberg", "Parquet", "Changelog", "Columnar", "Platform"]),
    module("RemoteLog", ["Changelog", "Columnar", "Platform"]),
    module("Vectors", ["CDistance", "Columnar", "JSON", "Platform"]),
    module("Iceberg", ["Avro", "Parquet", "JSON", "Columnar", "Platform"]),
    module("Avro", ["JSON", "Columnar"]),
    module("Parquet", ["Columnar"]),
    module("KeyValue", ["Changelog", "Columnar", "JSON", "Platform"]),
    module("Changelog", ["Columnar", "JSON", "Platform"]),
    module("Columnar", ["CChecksum", "CZstd", "CLZ4", "CZlib"]),
    module("TankExample", ["Simulation", "Platform"]),
    module("Simulation", ["Platform"]),
    module("Host", ["JSON", "Platform", "CSQLite", "CChecksum", "CSampler"] + nio),
    module("Platform", ["JSON"]),
    module("JSON"),
    .target(name: "CBuild"),
    .target(name: "CSampler"),
    .target(name: "CChecksum", cSettings: fastC),
    .target(name: "CDistance", cSettings: fastC),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
]

let testTargets: [Target] = [
    .target(
        name: "TestSupport",
        dependencies: ["Platform", "Simulation", "KeyValue", "LakeTiering", "Iceberg"],
        path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "Tidy", swiftSettings: strict),
    tests("Simulation", ["Simulation", "Platform"]),
    tests("PlatformContract", ["Platform", "Simulation", "Host", "JSON"]),
    tests("Ingest", ["Ingest", "Host", "Parquet", "Columnar", "JSON"]),
    tests("SeedTrials", ["SeedTrials"]),
    tests("TankExample", ["TankExample"]),
    tests("Host", ["Host", "JSON", "Platform"] + nio),
    tests("JSON", ["JSON"]),
    tests("Columnar", ["Columnar"]),
    tests("Avro", ["Avro", "Columnar"]),
    tests("Changelog", ["Changelog", "Columnar"]),
    tests("KeyValue", ["KeyValue", "Changelog", "Columnar"]),
    tests("Parquet", ["Parquet", "Columnar"]),
    tests("Iceberg", ["Iceberg", "Columnar"]),
    tests("Vectors", ["Vectors"]),
    tests("RemoteLog", ["RemoteLog", "Changelog", "Columnar"]),
    tests("LakeTiering", ["LakeTiering", "UnionRead", "Iceberg", "Parquet", "JSON", "Columnar"]),
    tests("UnionRead", ["UnionRead", "LakeTiering", "JSON", "Columnar"]),
    tests(
        "LakeSQL",
        ["LakeSQL", "Workbench", "Iceberg", "Parquet", "JSON", "Columnar", "Host", "Platform"]),
    tests("Server", ["Server", "Cluster", "LakeSQL", "Columnar", "JSON"]),
    tests(
        "Cluster",
        ["Cluster", "UnionRead", "LakeTiering", "KeyValue", "Changelog", "Columnar"]),
    tests(
        "VectorSinks",
        ["VectorSinks", "Cluster", "Changelog", "Columnar", "JSON", "Platform", "Simulation"]),
    tests("Fluss", ["Fluss", "Server", "Cluster", "Changelog", "JSON", "Columnar"]),
    tests("Workloads", ["Workloads", "Columnar"]),
    tests("ScenarioFiles", ["ScenarioFiles", "Oracles", "Workloads", "Cluster", "LakeTiering"]),
    tests("Oracles", ["Oracles", "Server", "Cluster"]),
    tests("RunReports", ["RunReports"]),
    tests(
        "wavetank", ["wavetank", "Workbench", "RunReports", "ScenarioFiles", "Simulation", "JSON"]),
    tests(
        "Workbench",
        [
            "Workbench", "Oracles", "Server", "Cluster", "Host", "RunReports", "ScenarioFiles",
            "Workloads",
        ]),
]

let package = Package(
    name: "wavetank",
    products: [
        .executable(name: "wavetank", targets: ["wavetank"]),
        .library(name: "Platform", targets: ["Platform"]),
        .library(name: "Simulation", targets: ["Simulation"]),
        .library(name: "SeedTrials", targets: ["SeedTrials"]),
        .library(name: "RunReports", targets: ["RunReports"]),
    ],
    traits: [
        .default(enabledTraits: ["Program"]),
        .trait(name: "Program", description: "The program, and the packages that it needs."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: sources + testTargets
)
