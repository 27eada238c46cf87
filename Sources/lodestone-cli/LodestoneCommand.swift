import ArgumentParser
import CMalloc
import Foundation
import Lodestone

/// The program: its verbs, and what becomes of their errors.
@main
struct LodestoneCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "lodestone",
    abstract: "Chemical phases from spectro-microscopy scans, kept in a catalog that can be asked.",
    discussion: """
      Every pixel's spectrum of a scan is clustered by exact DBSCAN; spectra, label maps, phase \
      statistics, parameters and provenance are kept in one SQLite file.

      The catalog is --catalog FILE, else $LODESTONE_CATALOG, else the one *.lode file in this \
      folder or the nearest one above.

      On a terminal, tables fit its width and pictures have colours: NO_COLOR=1 leaves these out, CLICOLOR_FORCE=1 puts them \
      into a pipe too (lodestone show @last | less -R). Pipes and files get all columns and no escapes.

      Exit codes: 0 done, 1 the answer is no, 64 usage, 65 bad input, 66 input missing, 70 \
      internal, 74 input or output failed, 75 busy, 76 catalog newer than the program, 77 \
      permission, 78 configuration.
      """,
    version: "lodestone \(lodestoneVersion)",
    subcommands: [
      InitCommand.self, IngestCommand.self, WatchCommand.self, ListCommand.self, ShowCommand.self,
      QueryCommand.self, SQLCommand.self, CompareCommand.self, PhaseCommand.self,
      AuditCommand.self, DiffCommand.self, AffectedCommand.self, VerifyCommand.self,
      SampleCommand.self, TagCommand.self, NoteCommand.self, RetractCommand.self,
      ExportCommand.self, ReportCommand.self, ImportCommand.self, MergeCommand.self,
      BackupCommand.self,
      CheckCommand.self, MigrateCommand.self, ClusterCommand.self, RecipeCommand.self,
      CacheCommand.self, ExampleCommand.self,
    ])

  static let examples = [
    "lodestone init magnets.lode",
    "lodestone ingest scan.tif --energies energies.txt --reference references.tif --sample M1",
    "lodestone query surface-vs-bulk --param surface_depth_um=0.5",
  ]

  /// Frames come and go by the hundred: giving each one's pages back, and having them cleared again, takes a third of the
  /// time of the optical density (glibc's thresholds, at their largest).
  private static func keepFreedMemory() {
    #if canImport(Glibc)
      mallopt(M_MMAP_THRESHOLD, 32 << 20)
      mallopt(M_TRIM_THRESHOLD, 256 << 20)
    #endif
  }

  static func main() {
    // A file-size limit is a failed write, with its error and exit code.
    signal(SIGXFSZ, SIG_IGN)
    keepFreedMemory()
    if let help = Help.text(for: Array(CommandLine.arguments.dropFirst())) {
      Output.write(help)
      return
    }
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // The parser's own: a version, completions, or a command line that it does not understand.
      let code = exitCode(for: error)
      // "-shifted" holds an h: the parser would take it for -h, and help is all that would happen.
      let text = CommandLine.arguments.dropFirst().first {
        $0.wholeMatch(of: /-[^-].+/) != nil && Double($0) == nil
      }
      let isMistaken = code.isSuccess && text != nil && !Completions.areAsked
      if code.isSuccess, !isMistaken {
        Output.line(CompletionScript.finished(fullMessage(for: error)))
        return
      }
      if error is ExitCode { exit(withError: error) }
      // An error would be written into the line that is being typed.
      if Completions.areAsked { Foundation.exit(code.rawValue) }
      let isUsage = code == .validationFailure || isMistaken
      let reason = isMistaken ? "\(text ?? "") is no option" : message(for: error)
      let hint = text == nil ? "" : ": put -- before a text that begins with -"
      let failure =
        Failure(error)
        ?? Failure(
          isUsage ? "\(reason)\(hint) (see lodestone --help)" : "internal error: \(error)",
          exitCode: isUsage ? 64 : 70)
      failure.report()
      Foundation.exit(failure.exitCode)
    }
  }
}
