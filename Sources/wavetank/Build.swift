import CBuild

/// The commit that this binary was built from, as the build wrote it in; empty where it did not.
let builtCommit = String(cString: wavetank_commit())

/// The commit and how it was compiled, as reports and failure files name it.
var buildDescription: String {
    #if DEBUG
        let configuration = "debug"
    #else
        let configuration = "release"
    #endif
    return builtCommit.isEmpty ? configuration : "\(builtCommit) \(configuration)"
}

/// What `--version` says.
var versionText: String {
    let commit = builtCommit.isEmpty ? "of an unknown commit (built without ci/setup)" : builtCommit
    #if DEBUG
        return "wavetank \(commit), debug"
    #else
        return "wavetank \(commit), release"
    #endif
}
