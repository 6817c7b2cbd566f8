import RecurrentFormats
import RecurrentTasks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct SmoothingJSON {
  static let values = (0..<80).map(Double.init).map { (t: Double) -> Double in
    30 + 5 * sin(t) + cos(t * t)
  }
  static let base = SmoothedBase(fitting: values, season: 6, secondSeason: 20, horizon: 4)

  @Test func everyBitComesBack() throws {
    let copy = try SmoothedBase(json: JSONValue(parsing: Self.base.json.text()))
    #expect(copy == Self.base)
    #expect(copy.json.text() == Self.base.json.text())
    #expect(
      copy.forecasts(of: Self.values, origins: [40, 80])
        == Self.base.forecasts(of: Self.values, origins: [40, 80]))
    #expect(Set(Self.kinds) == ["smoothing", "drift", "regression"])
  }

  @Test func everyMemberIsNeeded() throws {
    for key in try #require(Self.base.json.object).keys {
      for value in [nil, .string("?"), .array([.null])] as [JSONValue?] {
        #expect(fault { $0[key] = value }?.place.hasPrefix("base.\(key)") == true, "\(key)")
      }
    }
  }

  @Test func everyMemberOfAModelIsNeeded() throws {
    let members = try #require(Self.base.json["members"]?.array)
    for (index, member) in members.enumerated() {
      for key in try #require(member.object).keys {
        for value in [nil, .bool(true), .array([.null]), .integer(-1)] as [JSONValue?] {
          // A number may well be −1.
          if value == -1, member[key]?.number != nil,
            !["weight", "season", "deviation"].contains(key)
          {
            continue
          }
          var changed = members
          var object = try #require(member.object)
          object[key] = value
          changed[index] = .object(object)
          let fault = fault { $0["members"] = .array(changed) }
          #expect(fault?.place.hasPrefix("base.members[\(index)].\(key)") == true, "\(key)")
        }
      }
    }
  }

  @Test func faultsSayWhere() throws {
    let regression = try #require(Self.kinds.firstIndex(of: "regression"))
    func fault(lags: JSONValue) throws -> String? {
      var members = try #require(Self.base.json["members"]?.array)
      var object = try #require(members[regression].object)
      object["lags"] = lags
      members[regression] = .object(object)
      return self.fault { $0["members"] = .array(members) }?.description
    }
    let place = "base.members[\(regression)]"
    #expect(try fault(lags: [2, 2]) == "\(place).lags: ascending lags are expected")
    #expect(
      try fault(lags: [1, 0])
        == "\(place).lags[1]: a number from 1 to a million is expected, not 0")
    #expect(try fault(lags: [50])?.hasPrefix("\(place).coefficients: 1 numbers are") == true)
    #expect(self.fault { $0["members"] = [] }?.description.hasPrefix("base.members: one") == true)
    #expect(self.fault { $0["error_scale"] = [1, 0] }?.place == "base.error_scale")
  }

  private static var kinds: [String] {
    (base.json["members"]?.array ?? []).compactMap { $0["kind"]?.string }
  }

  private func fault(_ change: (inout JSONObject) -> Void) -> SmoothedBaseError? {
    var object = Self.base.json.object ?? [:]
    change(&object)
    do throws(SmoothedBaseError) {
      _ = try SmoothedBase(json: .object(object))
      return nil
    } catch {
      return error
    }
  }
}
