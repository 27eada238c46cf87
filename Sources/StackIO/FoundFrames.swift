import Foundation

/// A frame as it was found, before a scan is made of it.
struct FoundFrame {
  let location: FrameLocation
  /// What its file's name tells.
  let name: FrameName
  /// The energy, eV, and where it is written; nil where it is not.
  var energy: Sourced<Double>?
  /// The exposure, s, that a tag tells.
  var exposure: Sourced<Double>?
  /// The place in time among the frames of sample and references; nil where it is not known.
  var order: Int?
  /// Its shape and type, or why it cannot be read.
  let layout: Result<TIFFFile.Layout, InputError>

  /// The reason why it cannot be read; nil where it can, as far as its directory tells.
  var damage: InputError? {
    if case .failure(let error) = layout { error } else { nil }
  }
}

/// The frames of one file.
struct FoundFile {
  let path: String
  let name: FrameName
  /// The kind of file, in words: "ImageJ TIFF".
  let kind: String
  let pixelSize: StackDescription.KnownPixelSize
  /// The axes that its images are counted along.
  let axes: [(name: String, count: Int)]
  var frames: [FoundFrame]
  /// Labels of frames that differ from the file's name in the energy.
  private(set) var remarks: [String] = []

  /// Opens a file and looks at each page's directory.
  ///
  /// - Throws: ``InputError`` where it is no TIFF, or a page is no grey frame.
  init(path: String, _ reader: FrameReader) throws(InputError) {
    let file = try reader.open(path)
    self.init(path: path, file)
    if let damage = frames.lazy.compactMap(\.damage).first { throw damage }
  }

  /// Opens a file of a folder: what cannot be read is kept as a damaged frame, since others of its kind
  /// may take its place.
  init(inFolder path: String, _ reader: FrameReader) throws(InputError) {
    do throws(InputError) {
      self.init(path: path, try reader.open(path))
    } catch {
      guard error.kind == .invalid else { throw error }
      self.init(path: path, damagedBy: error)
    }
  }

  private init(path: String, damagedBy error: InputError) {
    self.path = path
    name = FrameName((path as NSString).lastPathComponent)
    (kind, pixelSize, axes) = ("TIFF", .unknown, [])
    frames = [
      FoundFrame(
        location: .init(path: path, page: 0), name: name,
        energy: name.energy.map { .init(value: $0, source: "file name") },
        layout: .failure(error))
    ]
  }

  private init(path: String, _ file: TIFFFile) {
    self.path = path
    name = FrameName((path as NSString).lastPathComponent)
    kind = file.kindName
    pixelSize = file.description.pixelSize
    axes = file.description.axes
    frames = []
    for page in 0..<file.pageCount {
      let label = file.label(ofPage: page).map { FrameName($0) }?.energy
      // The name of a file of one energy is written by the beamline's own program: it comes first.
      let named = name.energy.map { Sourced(value: $0, source: "file name") }
      let labelled = label.map { Sourced(value: $0, source: "label of page \(page + 1)") }
      if let label, let other = name.energy, abs(label - other) > 0.5 {
        remarks.append(
          "\(path): its name says \(other) eV, and page \(page + 1) is labelled \(label) eV: the name counts"
        )
      }
      var layout: Result<TIFFFile.Layout, InputError>
      do throws(InputError) {
        layout = .success(try file.layout(ofPage: page))
      } catch {
        layout = .failure(error)
      }
      frames.append(
        FoundFrame(
          location: .init(path: path, page: page), name: name, energy: named ?? labelled,
          exposure: file.exposure(ofPage: page).map { .init(value: $0, source: "tag") },
          layout: layout))
    }
  }
}

extension TIFFFile {
  /// The kind of file, in words.
  fileprivate var kindName: String {
    let kind = description.kind.rawValue
    if images != nil { return kind + " of one directory" }
    return isBig ? kind.replacing("TIFF", with: "BigTIFF") : kind
  }
}
