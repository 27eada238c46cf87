import Foundation

/// The names that people give: samples, their attributes, tags.
public enum GivenName {
  /// The one form that is stored (Unicode NFC): names that look the same are the same.
  public static func stored(_ name: String) -> String { name.precomposedStringWithCanonicalMapping }

  /// Whether a text may be a name: 1 to 200 Unicode scalars that are visible or spaces, not only spaces.
  public static func isUsable(_ name: String) -> Bool {
    let scalars = stored(name).unicodeScalars
    return (1...200).contains(scalars.count) && !scalars.contains(where: \.isInvisible)
      && scalars.contains { !$0.properties.isWhitespace }
  }
}

extension Unicode.Scalar {
  /// Whether it would act on a terminal, or hide, instead of being shown.
  public var isInvisible: Bool {
    [.control, .format, .lineSeparator, .paragraphSeparator].contains(properties.generalCategory)
  }
}

/// A word as a shell takes it: quoted where it has to be.
public func shellQuoted(_ word: String) -> String {
  if word.wholeMatch(of: /[A-Za-z0-9_.\/=:@%+,-]+/) != nil { return word }
  return "'" + word.replacing("'", with: "'\\''") + "'"
}
