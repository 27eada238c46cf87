/// The first components of a stack of images, not centred: what most of it is made of.
struct StackComponents {
  /// One image a component.
  private let images: [Image]
  /// Each component's loadings over the frames.
  private let loadings: [[Double]]

  /// Finds the components from the pixels `margin` away from the border, by subspace iteration on
  /// the frames' products.
  init(of stack: [Image], rank: Int, margin: Int) {
    let count = stack.count
    let rank = min(rank, count)
    let products = StackComponents.products(of: stack, margin: margin)
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
    loadings = vectors
    images = vectors.map { vector in
      var sum = Image(height: stack[0].height, width: stack[0].width)
      for (frame, weight) in zip(stack, vector) {
        let weight = Float(weight)
        for index in sum.pixels.indices { sum.pixels[index] += weight * frame.pixels[index] }
      }
      return sum
    }
  }

  /// The products of each frame with each, one row a frame.
  private static func products(of stack: [Image], margin: Int) -> [[Double]] {
    let count = stack.count
    let (height, width) = (stack[0].height, stack[0].width)
    let inset = min(margin, min(height, width) / 4)
    // About 10,000 pixels are plenty for a few components of a blurred stack.
    let area = Double((height - 2 * inset) * (width - 2 * inset))
    let step = max(3, Int((area / 10_000).squareRoot()))
    let places = stride(from: inset, to: height - inset, by: step).flatMap { y in
      stride(from: inset, to: width - inset, by: step).map { x in y * width + x }
    }
    let samples = stack.map { frame in places.map { frame.pixels[$0] } }
    let upper = mapInParallel(count) { i in
      (i..<count).map { j in
        var sum = 0.0
        for place in places.indices { sum += Double(samples[i][place] * samples[j][place]) }
        return sum
      }
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

  /// The frame as the components alone make it.
  func reconstruction(of frame: Int) -> Image {
    var result = images[0]
    for index in result.pixels.indices { result.pixels[index] *= Float(loadings[0][frame]) }
    for k in 1..<images.count {
      let weight = Float(loadings[k][frame])
      for index in result.pixels.indices {
        result.pixels[index] += weight * images[k].pixels[index]
      }
    }
    return result
  }
}
