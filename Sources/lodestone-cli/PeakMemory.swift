import Foundation

/// The most memory that the program has had so far, bytes; nil where the system does not tell.
var peakMemory: Int? {
  // Not getrusage: its figure may be that of the process that started this one.
  guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
    let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
    let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
      Int($0)
    })
  else { return nil }
  return kibibytes * 1024
}
