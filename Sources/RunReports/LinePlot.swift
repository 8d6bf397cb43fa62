/// A small chart of one figure over a few named places, with one line for each name.
func linePlot(
    _ figure: BenchFigure, _ lines: [(name: String, points: [(place: String, value: Int?)])]
) -> Markup {
    let places = lines.first?.points.map(\.place) ?? []
    let values = lines.flatMap { $0.points.compactMap(\.value) }
    guard let most = values.max(), places.count > 1 else { return .nothing }
    let top = Double(max(1, most)) * 1.1
    func x(_ index: Int) -> Double { 14 + Double(index) / Double(places.count - 1) * 82 }
    func y(_ value: Int) -> Double { 168 - Double(max(0, value)) / top * 150 }
    let marks = [0, most / 2, most].map { value -> Markup in
        let height = TimeAxis.text(y(value))
        return """
            <line class="mark" x1="14%" x2="98%" y1="\(height)" y2="\(height)"/>\
            <text x="13%" y="\(height)" dy="4" text-anchor="end">\(figure.unit.text(value))</text>
            """
    }
    let names = places.enumerated().map { index, place -> Markup in
        """
        <text x="\(TimeAxis.text(x(index)))%" y="186" text-anchor="middle">\(place)</text>
        """
    }
    var shapes: [Markup] = []
    for (number, line) in lines.enumerated() {
        let style = "c-\(number % 6 + 1)"
        let known = line.points.enumerated().filter { $0.element.value != nil }
        for (from, to) in zip(known, known.dropFirst()) {
            shapes.append(
                """
                <line class="line \(style)" x1="\(TimeAxis.text(x(from.offset)))%" \
                x2="\(TimeAxis.text(x(to.offset)))%" y1="\(TimeAxis.text(y(from.element.value!)))" \
                y2="\(TimeAxis.text(y(to.element.value!)))"/>
                """)
        }
        for (index, point) in known {
            let text = "\(line.name), \(point.place): \(figure.unit.text(point.value!))"
            shapes.append(
                """
                <circle class="point \(style)" cx="\(TimeAxis.text(x(index)))%" \
                cy="\(TimeAxis.text(y(point.value!)))" r="5"><title>\(text)</title></circle>
                """)
        }
    }
    let legend = lines.enumerated().map { number, line -> Markup in
        "<span><i class=\"key c-\(number % 6 + 1)\"></i>\(line.name)</span>"
    }
    let spoken = lines.map { line in
        line.name + ": "
            + line.points.map { point in
                "\(point.place) \(point.value.map(figure.unit.text) ?? "none")"
            }.joined(separator: ", ")
    }.joined(separator: "; ")
    let key: Markup = lines.count > 1 ? "<p class=\"legend\">\(legend)</p>" : .nothing
    return """
        <div class="drawing"><h3>\(figure.title)</h3>
        <svg class="plot" role="img" aria-label="\(figure.title). \(spoken)">\(marks)\(names)\
        \(shapes)</svg>\(key)</div>

        """
}
