import RecurrentFormats
import Testing

@Suite struct JSONWriting {
  @Test func keysKeepTheirOrder() {
    let value: JSONValue = ["z": 1, "a": [true, nil, 0.1], "m": ["b": "x", "a": [:]], "e": []]
    #expect(value.text() == #"{"z":1,"a":[true,null,0.1],"m":{"b":"x","a":{}},"e":[]}"#)
    #expect(
      value.text(indented: true) == """
        {
          "z": 1,
          "a": [
            true,
            null,
            0.1
          ],
          "m": {
            "b": "x",
            "a": {}
          },
          "e": []
        }
        """)
  }

  @Test func numbersAreShortestAndFinite() {
    let values: [JSONValue] = [
      .number(0.1), .number(5), .number(1e21), .number(-0.0), .number(.nan), .number(.infinity),
      .integer(.max),
    ]
    #expect(
      JSONValue.array(values).text() == "[0.1,5.0,1e+21,-0.0,null,null,9223372036854775807]")
  }

  @Test func stringsAreEscaped() {
    #expect(
      JSONValue.string("a\"b\\c\n\t\r\u{01}/é🙂").text() == #""a\"b\\c\n\t\r\u0001/é🙂""#)
  }

  @Test func membersCanBeReplacedAndRemoved() {
    var object: JSONObject = ["a": 1, "b": 2, "c": 3]
    object["a"] = 4
    object["b"] = nil
    object["d"] = .null
    #expect(JSONValue.object(object).text() == #"{"a":4,"c":3,"d":null}"#)
  }
}

@Suite struct JSONParsing {
  @Test(arguments: [
    "null", "true", "[]", "{}", "-1", "0.5", "1e-07", "\"\"", #"{"a":[1,2.5,{"b":"c"}],"z":null}"#,
  ])
  func roundTrip(text: String) throws {
    #expect(try JSONValue(parsing: text).text() == text)
  }

  @Test func values() throws {
    let numbers = "\"n\" : [ 1 , -0, 1.0, 1E2, 9223372036854775808 ]"
    let string = "\"s\":\"\\u00e9\\ud83d\\ude42\\/\\b\""
    let value = try JSONValue(parsing: " {\(numbers) ,\r\n\t\(string)} ")
    #expect(value["n"] == [1, .number(-0.0), 1.0, 100.0, .number(9_223_372_036_854_775_808)])
    #expect(value["s"]?.string == "é🙂/\u{08}")
    #expect(value["n"]?[0]?.integer == 1)
    #expect(value["n"]?[2]?.integer == nil)
    #expect(value["n"]?[0]?.number == 1)
    #expect(value["n"]?[9] == nil)
    #expect(value["missing"] == nil)
  }

  @Test(arguments: [
    ("", 0), (" ", 1), ("nul", 0), ("[1,]", 3), ("[1 2]", 3), ("{\"a\":1,}", 7), ("{a:1}", 1),
    ("{\"a\" 1}", 5), ("{\"a\":1,\"a\":2}", 7), ("01", 1), ("1.", 2), (".5", 0), ("+1", 0),
    ("-", 1), ("1e", 2), ("1e999", 0), ("\"a", 2), ("\"\n\"", 1), ("\"\\x\"", 1),
    ("\"\\u12g4\"", 5), ("\"\\ud800\"", 1), ("\"\\ud800\\u0041\"", 1), ("\"\\udc00\"", 1),
    ("1 2", 2), ("[", 1), ("NaN", 0), ("//", 0), ("{\"a\":1", 6),
  ])
  func refused(text: String, offset: Int) {
    #expect {
      try JSONValue(parsing: text)
    } throws: {
      ($0 as? JSONError)?.offset == offset
    }
  }

  @Test func depthIsLimited() throws {
    let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
    _ = try JSONValue(parsing: deep(128))
    #expect(throws: JSONError(offset: 128, message: "nested more than 128 deep")) {
      try JSONValue(parsing: deep(129))
    }
    #expect(throws: JSONError.self) {
      try JSONValue(parsing: String(repeating: "{\"a\":", count: 1_000_000))
    }
  }

  @Test func invalidUTF8() {
    #expect(throws: JSONError(offset: 1, message: "not UTF-8")) {
      try JSONValue(parsing: [0x22, 0xFF, 0x22])
    }
  }
}
