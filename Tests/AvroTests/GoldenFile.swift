import Foundation

/// Files written by fastavro 1.13.1 (Python), in Base64; this is how.
///
///     import datetime, fastavro, io
///     bounds = {"type": "record", "name": "k1_v2", "fields": [
///         {"name": "key", "type": "int", "field-id": 10},
///         {"name": "value", "type": "bytes", "field-id": 11}]}
///     schema = {"type": "record", "name": "entry", "namespace": "org.example", "fields": [
///         {"name": "status", "type": "int", "field-id": 0},
///         {"name": "snapshot", "type": ["null", "long"], "default": None, "field-id": 1},
///         {"name": "path", "type": "string", "field-id": 2},
///         {"name": "ratio", "type": "double"}, {"name": "share", "type": "float"},
///         {"name": "flag", "type": "boolean"},
///         {"name": "key", "type": ["null", "bytes"], "default": None},
///         {"name": "id", "type": {"type": "fixed", "name": "id4", "size": 4}},
///         {"name": "other", "type": "id4"},
///         {"name": "bounds",
///          "type": {"type": "array", "logicalType": "map", "items": bounds}},
///         {"name": "tags", "type": {"type": "map", "values": "long"}},
///         {"name": "first", "type": ["null", "org.example.k1_v2"], "default": None},
///         {"name": "day", "type": {"type": "int", "logicalType": "date"}}]}
///     records = [{
///         "status": i - 1, "snapshot": None if i % 2 else 2**62 + i, "path": "s3://ünï/%d" % i,
///         "ratio": i / 3, "share": 0.5 * i, "flag": i % 2 == 0,
///         "key": None if i == 0 else bytes([i, 255]), "id": bytes([i] * 4), "other": b"abcd",
///         "bounds": [{"key": k, "value": bytes([k]) * 3} for k in range(i)],
///         "tags": {"a": -i, "b": 2**40 * i},
///         "first": None if i < 2 else {"key": 7, "value": b""},
///         "day": datetime.date(1970, 1, 1) + datetime.timedelta(days=20000 + i),
///     } for i in range(3)]
///     fastavro.writer(file, schema, records, codec=codec,
///         metadata={"format-version": "2"}, sync_marker=b"0123456789abcdef")
enum GoldenFile: String, CaseIterable {
    case null, deflate

    var bytes: [UInt8] {
        [UInt8](Data(base64Encoded: base64, options: .ignoreUnknownCharacters)!)
    }

    private var base64: String {
        switch self {
        case .null:
            """
            T2JqAQYcZm9ybWF0LXZlcnNpb24CMhRhdnJvLmNvZGVjCG51bGwWYXZyby5zY2hlbWH8DnsidHlwZSI6ICJy
            ZWNvcmQiLCAibmFtZSI6ICJlbnRyeSIsICJuYW1lc3BhY2UiOiAib3JnLmV4YW1wbGUiLCAiZmllbGRzIjog
            W3sibmFtZSI6ICJzdGF0dXMiLCAidHlwZSI6ICJpbnQiLCAiZmllbGQtaWQiOiAwfSwgeyJuYW1lIjogInNu
            YXBzaG90IiwgInR5cGUiOiBbIm51bGwiLCAibG9uZyJdLCAiZGVmYXVsdCI6IG51bGwsICJmaWVsZC1pZCI6
            IDF9LCB7Im5hbWUiOiAicGF0aCIsICJ0eXBlIjogInN0cmluZyIsICJmaWVsZC1pZCI6IDJ9LCB7Im5hbWUi
            OiAicmF0aW8iLCAidHlwZSI6ICJkb3VibGUifSwgeyJuYW1lIjogInNoYXJlIiwgInR5cGUiOiAiZmxvYXQi
            fSwgeyJuYW1lIjogImZsYWciLCAidHlwZSI6ICJib29sZWFuIn0sIHsibmFtZSI6ICJrZXkiLCAidHlwZSI6
            IFsibnVsbCIsICJieXRlcyJdLCAiZGVmYXVsdCI6IG51bGx9LCB7Im5hbWUiOiAiaWQiLCAidHlwZSI6IHsi
            dHlwZSI6ICJmaXhlZCIsICJuYW1lIjogImlkNCIsICJzaXplIjogNH19LCB7Im5hbWUiOiAib3RoZXIiLCAi
            dHlwZSI6ICJpZDQifSwgeyJuYW1lIjogImJvdW5kcyIsICJ0eXBlIjogeyJ0eXBlIjogImFycmF5IiwgImxv
            Z2ljYWxUeXBlIjogIm1hcCIsICJpdGVtcyI6IHsidHlwZSI6ICJyZWNvcmQiLCAibmFtZSI6ICJrMV92MiIs
            ICJmaWVsZHMiOiBbeyJuYW1lIjogImtleSIsICJ0eXBlIjogImludCIsICJmaWVsZC1pZCI6IDEwfSwgeyJu
            YW1lIjogInZhbHVlIiwgInR5cGUiOiAiYnl0ZXMiLCAiZmllbGQtaWQiOiAxMX1dfX19LCB7Im5hbWUiOiAi
            dGFncyIsICJ0eXBlIjogeyJ0eXBlIjogIm1hcCIsICJ2YWx1ZXMiOiAibG9uZyJ9fSwgeyJuYW1lIjogImZp
            cnN0IiwgInR5cGUiOiBbIm51bGwiLCAib3JnLmV4YW1wbGUuazFfdjIiXSwgImRlZmF1bHQiOiBudWxsfSwg
            eyJuYW1lIjogImRheSIsICJ0eXBlIjogeyJ0eXBlIjogImludCIsICJsb2dpY2FsVHlwZSI6ICJkYXRlIn19
            XX0AMDEyMzQ1Njc4OWFiY2RlZgacAwECgICAgICAgICAARhzMzovL8O8bsOvLzAAAAAAAAAAAAAAAAABAAAA
            AABhYmNkAAQCYQACYgAAAMC4AgAAGHMzOi8vw7xuw68vMVVVVVVVVdU/AAAAPwACBAH/AQEBAWFiY2QCAAYA
            AAAABAJhAQJigICAgIBAAADCuAICAoSAgICAgICAgAEYczM6Ly/DvG7Dry8yVVVVVVVV5T8AAIA/AQIEAv8C
            AgICYWJjZAQABgAAAAIGAQEBAAQCYQMCYoCAgICAgAEAAg4AxLgCMDEyMzQ1Njc4OWFiY2RlZg==
            """
        case .deflate:
            """
            T2JqAQYcZm9ybWF0LXZlcnNpb24CMhRhdnJvLmNvZGVjDmRlZmxhdGUWYXZyby5zY2hlbWH8DnsidHlwZSI6
            ICJyZWNvcmQiLCAibmFtZSI6ICJlbnRyeSIsICJuYW1lc3BhY2UiOiAib3JnLmV4YW1wbGUiLCAiZmllbGRz
            IjogW3sibmFtZSI6ICJzdGF0dXMiLCAidHlwZSI6ICJpbnQiLCAiZmllbGQtaWQiOiAwfSwgeyJuYW1lIjog
            InNuYXBzaG90IiwgInR5cGUiOiBbIm51bGwiLCAibG9uZyJdLCAiZGVmYXVsdCI6IG51bGwsICJmaWVsZC1p
            ZCI6IDF9LCB7Im5hbWUiOiAicGF0aCIsICJ0eXBlIjogInN0cmluZyIsICJmaWVsZC1pZCI6IDJ9LCB7Im5h
            bWUiOiAicmF0aW8iLCAidHlwZSI6ICJkb3VibGUifSwgeyJuYW1lIjogInNoYXJlIiwgInR5cGUiOiAiZmxv
            YXQifSwgeyJuYW1lIjogImZsYWciLCAidHlwZSI6ICJib29sZWFuIn0sIHsibmFtZSI6ICJrZXkiLCAidHlw
            ZSI6IFsibnVsbCIsICJieXRlcyJdLCAiZGVmYXVsdCI6IG51bGx9LCB7Im5hbWUiOiAiaWQiLCAidHlwZSI6
            IHsidHlwZSI6ICJmaXhlZCIsICJuYW1lIjogImlkNCIsICJzaXplIjogNH19LCB7Im5hbWUiOiAib3RoZXIi
            LCAidHlwZSI6ICJpZDQifSwgeyJuYW1lIjogImJvdW5kcyIsICJ0eXBlIjogeyJ0eXBlIjogImFycmF5Iiwg
            ImxvZ2ljYWxUeXBlIjogIm1hcCIsICJpdGVtcyI6IHsidHlwZSI6ICJyZWNvcmQiLCAibmFtZSI6ICJrMV92
            MiIsICJmaWVsZHMiOiBbeyJuYW1lIjogImtleSIsICJ0eXBlIjogImludCIsICJmaWVsZC1pZCI6IDEwfSwg
            eyJuYW1lIjogInZhbHVlIiwgInR5cGUiOiAiYnl0ZXMiLCAiZmllbGQtaWQiOiAxMX1dfX19LCB7Im5hbWUi
            OiAidGFncyIsICJ0eXBlIjogeyJ0eXBlIjogIm1hcCIsICJ2YWx1ZXMiOiAibG9uZyJ9fSwgeyJuYW1lIjog
            ImZpcnN0IiwgInR5cGUiOiBbIm51bGwiLCAib3JnLmV4YW1wbGUuazFfdjIiXSwgImRlZmF1bHQiOiBudWxs
            fSwgeyJuYW1lIjogImRheSIsICJ0eXBlIjogeyJ0eXBlIjogImludCIsICJsb2dpY2FsVHlwZSI6ICJkYXRl
            In19XX0AMDEyMzQ1Njc4OWFiY2RlZgaGAmNkaoABRoliYyt9/cN78g6v1zdgQAKMYDIxKTmFgYUpkYEpCcg7
            sIOJgQFZh2EoGFy1B0raMzCxMP5nBAKQJiYGNpB+oFZGpiSwVQ4MDId2MDExtWC12whi0lOgSQ32jEwsTP+B
            SplAJrGATWJiAxoMMo4ZalwDIwMTH8ORHUwAzAkyMDEyMzQ1Njc4OWFiY2RlZg==
            """
        }
    }
}
