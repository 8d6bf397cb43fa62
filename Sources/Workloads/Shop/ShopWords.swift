/// The words that a shop's texts are made of.
enum ShopWords {
    static let categories = [
        "apparel", "kitchen", "garden", "sports", "toys", "lighting", "office", "travel",
    ]
    /// For each category.
    static let things = [
        ["jacket", "shirt", "trousers", "scarf", "socks", "coat"],
        ["kettle", "pan", "knife", "bowl", "grinder", "board"],
        ["spade", "hose", "bench", "planter", "shears", "trellis"],
        ["ball", "racket", "mat", "bicycle", "helmet", "rope"],
        ["puzzle", "train", "doll", "kite", "blocks", "game"],
        ["lamp", "lantern", "candle", "bulb", "chandelier", "torch"],
        ["notebook", "pen", "chair", "desk", "stapler", "shelf"],
        ["suitcase", "tent", "rucksack", "map", "bottle", "pillow"],
    ]
    static let brands = [
        "Alder", "Birke", "Cedro", "Dune", "Elm", "Fjord", "Grove", "Heide", "Iris", "Juniper",
        "Kiln", "Larch", "Maple", "Nord", "Oak", "Pine", "Quarry", "Reed", "Sand", "Tarn",
    ]
    static let adjectives = [
        "light", "sturdy", "folding", "warm", "small", "large", "quiet", "bright", "soft", "plain",
        "durable", "handmade",
    ]
    static let materials = [
        "wood", "steel", "cotton", "leather", "glass", "paper", "wool", "copper", "stone", "linen",
    ]
    static let places = [
        "the house", "long journeys", "rainy days", "small rooms", "children", "every day",
        "the workshop", "summer evenings",
    ]
    static let firstNames = [
        "Ada", "Alan", "Barbara", "Edsger", "Frances", "Grace", "Ken", "Leslie", "Niklaus", "Tony",
        "Çağla", "Søren", "Zoë", "Miyuki", "Łukasz",
    ]
    static let lastNames = [
        "Smith", "Müller", "Rossi", "Novák", "García", "Jensen", "Kowalski", "Dubois", "Tanaka",
        "O'Neill", "de Vries", "Öztürk",
    ]
    static let streets = [
        "Main Street", "Hauptstraße", "Rue de l’Église", "Calle Mayor", "Kauppakatu",
    ]
    static let cities = ["London", "Köln", "Lyon", "Sevilla", "Turku", "Osaka", "Boston", "Porto"]
    static let devices = ["phone", "desktop", "tablet"]
    static let carriers = ["swift", "harbour", "pigeon"]
    static let declines = [
        "insufficient_funds", "do_not_honor", "expired_card", "incorrect_cvc", "processor_error",
    ]
    static let campaigns = ["spring", "newsletter", "brand-search", "retargeting", "affiliate"]
    static let bots = ["crawler", "price-watcher", "uptime-probe"]
}
