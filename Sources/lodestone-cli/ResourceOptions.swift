import ArgumentParser
import Foundation
import Lodestone

/// What an analysis may use of the machine: nothing of it changes what is found.
struct ResourceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Memory to use: 800MB, 4GB. What does not fit lies in a scratch file, which is gone at the end; the result is "
        + "the same to the last bit. Without it, as much as it takes.", valueName: "size"))
  var memory: ByteCount?

  @Option(
    help: ArgumentHelp(
      "With --memory, the folder for the scratch file; the system's for temporary files where it is not given.",
      valueName: "dir"), completion: .directory)
  var scratch: String?

  func validate() throws {
    if scratch != nil && memory == nil {
      throw ValidationError("--scratch is used with --memory only: give --memory SIZE")
    }
    var isFolder: ObjCBool = false
    if let scratch,
      !FileManager.default.fileExists(atPath: scratch, isDirectory: &isFolder)
        || !isFolder.boolValue
    {
      throw ValidationError("--scratch \(scratch): there is no such folder")
    }
  }

  var resources: Resources {
    var resources = Resources(memory: memory?.bytes, scratchDirectory: scratch)
    resources.tell = { words in
      Output.progress("")
      Output.remark(words)
    }
    return resources
  }
}

/// A number of bytes as people write it: 800MB, 1.5GB, 2GiB, 500000000.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let digits = argument.prefix { $0.isNumber || $0 == "." }
    let unit = argument.dropFirst(digits.count).trimmingCharacters(in: .whitespaces).uppercased()
    let factors: [String: Double] = [
      "": 1, "B": 1, "K": 1e3, "KB": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "T": 1e12,
      "TB": 1e12, "KIB": 1024, "MIB": 1_048_576, "GIB": 1_073_741_824, "TIB": 1_099_511_627_776,
    ]
    guard let number = Double(digits), let factor = factors[unit], number > 0,
      let bytes = Int(exactly: (number * factor).rounded())
    else { return nil }
    self.bytes = bytes
  }
}
