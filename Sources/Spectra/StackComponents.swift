internal import CSpectraKernels

/// The first components of a stack of images, not centred: what most of it is made of.
struct StackComponents: Sendable {
  /// One image a component.
  private let images: [Image]
  /// Each component's loadings over the frames.
  private let loadings: [[Double]]

  /// Finds the components from the pixels of a region, by subspace iteration on the frames' products.
  init(of stack: FrameStore, rank: Int, region: Region) throws(ScratchFailure) {
    let count = stack.count
    let products = try StackComponents.products(of: stack, region: region)
    loadings = StackComponents.leadingVectors(of: products, rank: min(rank, count))
    images = try StackComponents.combined(stack, by: loadings)
  }

  private static func leadingVectors(of products: [[Double]], rank: Int) -> [[Double]] {
    let count = products.count
    // Starting vectors that no real component is orthogonal to: level, and early against late.
    var vectors = (0..<rank).map { k in
      (0..<count).map { frame in
        let side: Double = frame < count / 2 ? -1 : 1
        return k == 0 ? 1 : side + 0.01 * Double(frame % 7)
      }
    }
    for _ in 0..<30 {
      for k in 0..<rank {
        var next = products.map { dot($0, vectors[k]) }
        for earlier in 0..<k {
          let overlap = dot(next, vectors[earlier])
          for i in 0..<count { next[i] -= overlap * vectors[earlier][i] }
        }
        let length = dot(next, next).squareRoot()
        vectors[k] = length > 0 ? next.map { $0 / length } : next
      }
    }
    return vectors
  }

  /// The sums of the frames with each vector's weights.
  private static func combined(
    _ stack: FrameStore, by vectors: [[Double]]
  ) throws(ScratchFailure) -> [Image] {
    let (width, runs) = (stack.width, stack.rowRuns)
    let weights = vectors.map { $0.map { Float($0) } }
    // Each run of rows by itself: for each vector its sums, one after another.
    let sums = try mapInParallel(runs.count) { (run) throws(ScratchFailure) in
      let pixels = runs[run].lowerBound * width..<runs[run].upperBound * width
      return try stack.withBand(pixels) { band in
        [Float](unsafeUninitializedCapacity: vectors.count * pixels.count) { sums, filled in
          sums.initialize(repeating: 0)
          for frame in 0..<band.frames {
            for (k, weights) in weights.enumerated() {
              spectra_add(
                band.base + frame * band.stride, weights[frame],
                sums.baseAddress! + k * pixels.count, pixels.count)
            }
          }
          filled = sums.count
        }
      }
    }
    return vectors.indices.map { k in
      var pixels: [Float] = []
      pixels.reserveCapacity(stack.height * width)
      for run in sums {
        let count = run.count / vectors.count
        pixels.append(contentsOf: run[k * count..<(k + 1) * count])
      }
      return Image(height: stack.height, width: width, pixels: pixels)
    }
  }

  /// The products of each frame with each, one row a frame.
  private static func products(
    of stack: FrameStore, region: Region
  ) throws(ScratchFailure) -> [[Double]] {
    let count = stack.count
    // About 10,000 pixels are plenty for a few components of a blurred stack.
    let area = Double(region.rows.count * region.columns.count)
    let step = max(3, Int((area / 10_000).squareRoot()))
    let places = stride(from: region.rows.lowerBound, to: region.rows.upperBound, by: step)
      .flatMap { y in
        stride(from: region.columns.lowerBound, to: region.columns.upperBound, by: step)
          .map { x in y * stack.width + x }
      }
    let samples = try mapInParallel(count) { (index) throws(ScratchFailure) in
      let frame = try stack.image(index)
      return places.map { frame.pixels[$0] }
    }
    let upper = mapInParallel(count) { i in
      (i..<count).map { j in sumOfProducts(samples[i], samples[j]) }
    }
    var products = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for i in 0..<count {
      for j in i..<count {
        products[i][j] = upper[i][j - i]
        products[j][i] = upper[i][j - i]
      }
    }
    return products
  }

  /// What the frames' contrast is made of: the share of the second component against the first, one value a frame. The
  /// third may already be what registration left.
  var contrast: [[Double]] {
    guard let first = loadings.first, first.allSatisfy({ abs($0) > 1e-9 }) else { return [] }
    return loadings.dropFirst().prefix(1).map { zip($0, first).map { $0 / $1 } }
  }

  /// The frame as the components alone make it.
  func reconstruction(of frame: Int) -> Image {
    var result = Image(unsetOfHeight: images[0].height, width: images[0].width)
    let weights = loadings.map { Float($0[frame]) }
    let (width, height) = (result.width, result.height)
    result.pixels.withUnsafeMutableBufferPointer { output in
      withPixels(of: images) { images in
        for y in 0..<height {
          let rows = images.map { Optional($0 + y * width) }
          spectra_combine(rows, weights, rows.count, output.baseAddress! + y * width, width)
        }
      }
    }
    return result
  }
}

/// Runs `body` with the addresses of all the images' pixels.
private func withPixels(
  of images: [Image], _ found: [UnsafePointer<Float>] = [],
  _ body: ([UnsafePointer<Float>]) -> Void
) {
  guard let first = images.first else { return body(found) }
  first.pixels.withUnsafeBufferPointer {
    withPixels(of: Array(images.dropFirst()), found + [$0.baseAddress!], body)
  }
}

/// The sum of products of values of equal number, in eight lanes of Double.
private func sumOfProducts(_ a: [Float], _ b: [Float]) -> Double {
  var lanes = SIMD8<Double>()
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      var place = 0
      while place + 8 <= a.count {
        var (x, y) = (SIMD8<Float>(), SIMD8<Float>())
        for lane in 0..<8 {
          x[lane] = a[place + lane]
          y[lane] = b[place + lane]
        }
        lanes += SIMD8<Double>(x * y)
        place += 8
      }
      for lane in 0..<a.count - place { lanes[lane] += Double(a[place + lane] * b[place + lane]) }
    }
  }
  return lanes.sum()
}
