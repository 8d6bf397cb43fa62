/// Tells the random streams of a world that they are to go on otherwise.
final class RandomEpoch {
    /// What is mixed into every stream; zero as long as all is drawn as the seed says.
    var salt: UInt64 = 0
}
