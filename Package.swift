// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "lodestone",
  products: [
    .executable(name: "lodestone", targets: ["lodestone-cli"]),
    // The exact DBSCAN by itself: points in, labels out.
    .library(name: "Clustering", targets: ["Clustering"]),
  ],
  dependencies: [
    // The catalog: migrations, busy handling and typed rows over SQLite, tested for ten years.
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    // Commands, help and shell completions.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Recipes: the whole of TOML 1.0, with the line of what is wrong (toml++).
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    // C libraries, each installed as a Debian -dev package.
    .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    // Pictures of maps.
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    // Edge energies and mass attenuation coefficients.
    .systemLibrary(name: "CXraylib", pkgConfig: "libxrl", providers: [.apt(["libxrl-dev"])]),
    // The eigenproblem of the principal components (a matrix of energies x energies).
    .systemLibrary(name: "CLAPACK", pkgConfig: "lapack", providers: [.apt(["liblapack-dev"])]),
    // SHA-256 at the speed of the disk.
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // The same SQLite that GRDB links: for `lodestone sql`, whose authorizer GRDB would replace.
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    // Two-dimensional FFT for phase correlation (BSD; FFTW is GPL). No pkgConfig: its file
    // carries -D flags that SwiftPM refuses with a warning, and float is the default anyway.
    .systemLibrary(name: "CKissFFT", providers: [.apt(["libkissfft-dev"])]),
    // What Swift's Glibc leaves out of the C library: statfs and renameat2.
    .systemLibrary(name: "CFileSystem"),
    // And mallopt.
    .systemLibrary(name: "CMalloc"),
    // snprintf, for tables of many numbers.
    .systemLibrary(name: "CFormat"),

    // The inner loops of the neighbour search for AVX-512, AVX2 and any other processor, chosen at run time: Swift
    // compiles for one instruction set only.
    .target(name: "CClusteringKernels"),
    .target(
      name: "Clustering", dependencies: ["CClusteringKernels", "CLAPACK"], swiftSettings: strict),
    // The inner loops over pixels, for the same reason.
    .target(name: "CSpectraKernels"),
    .target(
      name: "Spectra", dependencies: ["CSpectraKernels", "CXraylib", "CKissFFT"],
      swiftSettings: strict),
    .target(name: "StackIO", dependencies: ["Spectra", "CTIFF", "CPNG"], swiftSettings: strict),
    .target(
      name: "PhaseCatalog",
      dependencies: [
        "CSQLite", "CCrypto", "CFileSystem", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      // Both are links to the folders at the top, so that a new .sql is in the next build.
      resources: [.embedInCode("migrations"), .embedInCode("queries")],
      swiftSettings: strict),
    .target(
      name: "Lodestone",
      dependencies: [
        "StackIO", "Spectra", "Clustering", "PhaseCatalog",
        .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      resources: [
        .embedInCode("Recipes"), .embedInCode("Report/report.css"),
        .embedInCode("Report/report.js"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "lodestone-cli",
      dependencies: [
        "CFormat", "CMalloc", "Lodestone", "StackIO", "Spectra", "Clustering", "PhaseCatalog",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["StackIO", "PhaseCatalog", "CSQLite", "CPNG"],
      path: "Tests/TestSupport", swiftSettings: strict),
    // Makes the catalogs of Benchmarks/catalog.py.
    .executableTarget(
      name: "catalog-maker", dependencies: ["PhaseCatalog", "TestSupport"],
      path: "Benchmarks/CatalogMaker", swiftSettings: strict),
    .testTarget(
      name: "ClusteringTests",
      dependencies: ["Clustering", "CClusteringKernels", "StackIO", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "SpectraTests", dependencies: ["Spectra", "CSpectraKernels", "StackIO", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "StackIOTests",
      dependencies: ["StackIO", "Spectra", "PhaseCatalog", "CTIFF", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "PhaseCatalogTests", dependencies: ["PhaseCatalog", "CSQLite", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "LodestoneTests",
      dependencies: [
        "Lodestone", "PhaseCatalog", "Clustering", "Spectra", "StackIO", "TestSupport",
      ],
      exclude: ["Golden"], swiftSettings: strict),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "lodestone-cli", "Lodestone", "PhaseCatalog", "StackIO", "Spectra", "CSQLite",
        "TestSupport",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
