import ArgumentParser
import Foundation
import Lodestone
import PhaseCatalog
import StackIO

struct ReportCommand: DocumentedCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write what a run, a sample or a comparison came to as a page of HTML.")

  static let examples = [
    "lodestone report @last -o run.html"
  ]

  @OptionGroup var catalog: CatalogOptions

  @Argument(help: ArgumentHelp("Runs.", valueName: "subject"))
  var subjects: [String] = []

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file(extensions: ["html"]))
  var output: String

  func run() throws {
    let catalog = try catalog.open(.read)
    let run = try catalog.resolveRun(subjects[0])
    let html = try Report(catalog).page(ofRun: run)
    try OutputFile.write(Array(html.utf8), to: output, protecting: [catalog.path])
  }
}
