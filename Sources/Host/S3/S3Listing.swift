import Glibc
import Platform

/// A page of a listing, as ListObjectsV2 answers it with URL encoding.
struct S3Listing {
    var objects: [ObjectDescription] = []
    /// Where the next page goes on; nil if this is the last.
    var continuation: String?

    /// - Parameter prefix: What all keys begin with, taken off them.
    /// - Returns: Nil if the answer is none that S3 gives.
    static func parse(_ bytes: [UInt8], prefix: String) -> S3Listing? {
        guard let root = XMLElement.parse(bytes), root.name == "ListBucketResult" else {
            return nil
        }
        var listing = S3Listing()
        for element in root.children where element.name == "Contents" {
            guard let encoded = element["Key"], let key = unescaped(encoded),
                key.utf8.starts(with: prefix.utf8),
                let size = element["Size"].flatMap(Int64.init), size >= 0,
                let tag = element["ETag"],
                let time = element["LastModified"].flatMap(milliseconds(ofTimestamp:))
            else { return nil }
            listing.objects.append(
                ObjectDescription(
                    key: String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self),
                    byteCount: size, tag: ObjectTag(text: tag),
                    lastModified: Timestamp(millisecondsSinceEpoch: time)))
        }
        if root["IsTruncated"] == "true" {
            guard let token = root["NextContinuationToken"], !token.isEmpty else { return nil }
            listing.continuation = token
        }
        return listing
    }

    /// Resolves `%` escapes, and `+` to a space, as forms have them.
    static func unescaped(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard rest.count >= 2,
                    let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Of `2026-11-28T23:10:00.000Z`, in whole seconds, since other answers have no more.
    static func milliseconds(ofTimestamp text: String) -> Int64? {
        let numbers = text.split { !$0.isASCII || !$0.isNumber }.map { Int32($0) }
        guard numbers.count >= 6, text.last == "Z", !numbers.contains(nil) else { return nil }
        return milliseconds(
            year: numbers[0]!, month: numbers[1]!, day: numbers[2]!, hour: numbers[3]!,
            minute: numbers[4]!, second: numbers[5]!)
    }

    /// Of `Sat, 28 Nov 2026 23:10:00 GMT`, as headers have it.
    static func milliseconds(ofDate text: String) -> Int64? {
        let parts = text.split { $0 == " " || $0 == "," || $0 == ":" }
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        guard parts.count == 8, parts[7] == "GMT",
            let month = months.firstIndex(of: String(parts[2])), let day = Int32(parts[1]),
            let year = Int32(parts[3]), let hour = Int32(parts[4]), let minute = Int32(parts[5]),
            let second = Int32(parts[6])
        else { return nil }
        return milliseconds(
            year: year, month: Int32(month + 1), day: day, hour: hour, minute: minute,
            second: second)
    }

    private static func milliseconds(
        year: Int32, month: Int32, day: Int32, hour: Int32, minute: Int32, second: Int32
    ) -> Int64? {
        guard (1900...9999).contains(year), (1...12).contains(month), (1...31).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...60).contains(second)
        else { return nil }
        var parts = tm()
        parts.tm_year = year - 1900
        parts.tm_mon = month - 1
        parts.tm_mday = day
        parts.tm_hour = hour
        parts.tm_min = minute
        parts.tm_sec = second
        return Int64(timegm(&parts)) * 1000
    }
}
