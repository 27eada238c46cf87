internal import CSpectraKernels

/// The first components of a stack of images, not centred: what most of it is made of.
struct StackComponents: Sendable {
  /// One image a component.
  private let images: [Image]
  /// Each component's loadings over the frames.
  private let loadings: [[Double]]

  /// Finds the components from the pixels of a region, by subspace iteration on the frames' products.
  init(of stack: PlacedFrames, rank: Int, region: Region) throws(ScratchFailure) {
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
    _ stack: PlacedFrames, by vectors: [[Double]]
  ) throws(ScratchFailure) -> [Image] {
    let (height, width) = (stack.height, stack.width)
    let weights = vectors.map { $0.map { Float($0) } }
    // Some rows of all frames at a time: their sums stay in the cache.
    let rowsOfBand = max(1, 16_384 / width)
    let bands = stride(from: 0, to: height, by: rowsOfBand).map {
      $0..<min($0 + rowsOfBand, height)
    }
    var images = vectors.map { _ in Image(height: height, width: width) }
    let sums = try mapInParallel(bands.count) { (number) throws(ScratchFailure) in
      let band = bands[number]
      // For each vector its sums, one after another.
      var sums = [Float](repeating: 0, count: vectors.count * band.count * width)
      for frame in 0..<stack.count {
        try stack.forEachRow(band, of: frame) { y, row in
          sums.withUnsafeMutableBufferPointer { sums in
            for (k, weights) in weights.enumerated() {
              let place = (k * band.count + y - band.lowerBound) * width
              spectra_add(row, weights[frame], sums.baseAddress! + place, width)
            }
          }
        }
      }
      return sums
    }
    for (band, sums) in zip(bands, sums) {
      let count = band.count * width
      for k in vectors.indices {
        let target = band.lowerBound * width..<band.upperBound * width
        images[k].pixels.replaceSubrange(target, with: sums[k * count..<(k + 1) * count])
      }
    }
    return images
  }

  /// The products of each frame with each, one row a frame.
  private static func products(
    of stack: PlacedFrames, region: Region
  ) throws(ScratchFailure) -> [[Double]] {
    let count = stack.count
    // About 10,000 pixels are plenty for a few components of a blurred stack.
    let area = Double(region.rows.count * region.columns.count)
    let step = max(3, Int((area / 10_000).squareRoot()))
    let columns = stride(from: region.columns.lowerBound, to: region.columns.upperBound, by: step)
    let samples = try mapInParallel(count) { (frame) throws(ScratchFailure) in
      var samples: [Float] = []
      try stack.forEachRow(region.rows, step: step, of: frame) { _, row in
        for x in columns { samples.append(row[x]) }
      }
      return samples
    }
    let upper = mapInParallel(count) { i in
      (i..<count).map { spectra_sum_of_products(samples[i], samples[$0], samples[i].count) }
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
    let count = result.pixels.count
    result.pixels.withUnsafeMutableBufferPointer { output in
      // So many pixels at a time stay in the cache.
      for start in stride(from: 0, to: count, by: 4096) {
        let (target, size) = (output.baseAddress! + start, min(4096, count - start))
        for (k, image) in images.enumerated() {
          let weight = Float(loadings[k][frame])
          image.pixels.withUnsafeBufferPointer {
            let row = $0.baseAddress! + start
            if k == 0 {
              spectra_scale(row, weight, target, size)
            } else {
              spectra_add(row, weight, target, size)
            }
          }
        }
      }
    }
    return result
  }
}
