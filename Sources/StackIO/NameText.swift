extension String {
  /// What stands behind the last slash that something follows. Names in files are anyone's text, and
  /// Foundation's paths trap on some.
  var lastPathPart: String {
    split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? ""
  }

  /// The name without its last ending, and the ending in lower case; all of it where there is none.
  var stemAndEnding: (stem: String, ending: String) {
    guard let dot = lastIndex(of: "."), dot != startIndex else { return (self, "") }
    return (String(self[..<dot]), self[index(after: dot)...].lowercased())
  }
}
