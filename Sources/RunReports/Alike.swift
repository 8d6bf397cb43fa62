extension StringProtocol {
    /// With a sign in place of each number: texts that are the same so are of one cause.
    public var withoutNumbers: String {
        var text = ""
        for character in self {
            if !character.isNumber {
                text.append(character)
            } else if text.last != "#" {
                text.append("#")
            }
        }
        return text
    }
}
