import CCrypto
import Foundation

/// A SHA-256 over typed values, for identities: the same values give the same digest on every
/// machine.
///
/// Numbers are written little-endian, texts and arrays behind their length (UInt64), so that no two
/// sequences of values look alike. Every digest starts with a domain such as `lodestone/scan/1`.
public struct ContentDigest: ~Copyable {
  private let context: OpaquePointer

  /// libcrypto would free what its threads use when the program ends, while one of them may still digest a file that an error
  /// has made needless: it is to free nothing then.
  private static let isPrepared =
    OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

  /// An empty digest of a domain.
  public init(domain: String) {
    guard Self.isPrepared, let context = EVP_MD_CTX_new(),
      EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    self.context = context
    update(domain)
  }

  /// A plain SHA-256, as `sha256sum` prints it, without domain or lengths.
  init() {
    guard Self.isPrepared, let context = EVP_MD_CTX_new(),
      EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    else {
      preconditionFailure("libcrypto has no SHA-256")
    }
    self.context = context
  }

  deinit { EVP_MD_CTX_free(context) }

  private func updateBytes(_ bytes: UnsafeRawBufferPointer) {
    EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
  }

  /// Adds bytes as they are, without their count.
  func updateRaw(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { updateBytes($0) }
  }

  /// Adds a text.
  public func update(_ text: String) {
    let bytes = Array(text.utf8)
    update(bytes.count)
    bytes.withUnsafeBytes { updateBytes($0) }
  }

  /// Adds a whole number as 64 bits.
  public func update(_ value: Int) {
    withUnsafeBytes(of: Int64(value).littleEndian) { updateBytes($0) }
  }

  /// Adds a number.
  public func update(_ value: Double) {
    withUnsafeBytes(of: value.bitPattern.littleEndian) { updateBytes($0) }
  }

  /// Adds a number that may not be known; not known differs from every number.
  public func update(_ value: Double?) {
    update(value == nil ? 0 : 1)
    if let value { update(value) }
  }

  /// Adds a text that may not be there; not there differs from every text.
  public func update(_ text: String?) {
    update(text == nil ? 0 : 1)
    if let text { update(text) }
  }

  /// Adds an array of integers or floats, element by element.
  public func update<T: BitwiseCopyable>(_ values: [T]) {
    update(values.count)
    // Every platform that Swift runs on is little-endian: memory is the wanted order.
    values.withUnsafeBytes { updateBytes($0) }
  }

  /// The digest: 64 hexadecimal digits, lower case.
  public consuming func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    EVP_DigestFinal_ex(context, &bytes, nil)
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The plain SHA-256 of some bytes, as 32 bytes.
  package static func ofBytes(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
      guard
        EVP_Digest(bytes.baseAddress, bytes.count, digest.baseAddress, nil, EVP_sha256(), nil) == 1
      else { preconditionFailure("libcrypto has no SHA-256") }
      count = 32
    }
  }

  /// The SHA-256 of a regular file, as `sha256sum` prints it, and its size; nil where it cannot be
  /// read. A pipe or a device might never end.
  public static func ofFile(_ path: String) -> (sha256: String, bytes: Int)? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let file = fopen(path, "rb")
    else { return nil }
    defer { fclose(file) }
    let digest = ContentDigest()
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var total = 0
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      buffer.withUnsafeBytes { digest.updateBytes(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      total += count
    }
    guard ferror(file) == 0 else { return nil }
    return (digest.finish(), total)
  }
}

extension String {
  /// The bytes that pairs of hexadecimal digits write.
  var bytesOfHex: [UInt8] {
    func value(_ digit: UInt8) -> UInt8? {
      Character(Unicode.Scalar(digit)).hexDigitValue.map(UInt8.init)
    }
    let digits = utf8.compactMap(value)
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
