/// Measures the drift of each frame of a stack of optical density against the first.
///
/// Neighbouring frames are chained by phase correlation, each link refined by least squares. Then
/// every frame is fitted to what the whole aligned stack says it should look like (its
/// reconstruction from the stack's first two components), so that errors do not add up along
/// the chain and contrast that reverses across an edge is that of the template too. What is left
/// is an offset between the frames before and behind an edge, where contrast changes at once: it
/// goes in a last fit of how steep each frame is, wherever it is steep, to what all have in common.
public struct Registration: Sendable, Equatable {
  /// The standard deviation of the blur before measuring, px.
  public var blur: Double = 1
  /// How many times all frames are fitted to the stack's reconstruction, before and after the
  /// first fit of their steepness; 0 leaves the chain as it is.
  public var templateRounds: Int = 3
  /// The correlation below which two frames share too little to be compared; in small frames
  /// chance alone asks for more.
  public var minimumCorrelation: Double = 0.1
  /// Frames with a longer side than this are measured on pixels binned in powers of two.
  public var largestSide: Int = 640

  /// The default registration.
  public init() {}

  /// The drift of each frame; (0, 0) for the first, and for all where the frames show no structure.
  ///
  /// - Complexity: O(frames pixels log pixels).
  public func drifts(of stack: [Image]) -> [Drift] {
    guard stack.count > 1, let first = stack.first else {
      return stack.map { _ in Drift(dy: 0, dx: 0) }
    }
    let factor = binning(of: max(first.height, first.width))
    let frames = mapInParallel(stack.count) { index in
      stack[index].binned(by: factor).blurred(sigma: blur)
    }
    guard min(frames[0].height, frames[0].width) >= 16 else {
      return stack.map { _ in Drift(dy: 0, dx: 0) }
    }
    guard var drifts = chain(frames) else { return stack.map { _ in Drift(dy: 0, dx: 0) } }
    let coefficients = mapInParallel(frames.count) { frames[$0].splineCoefficients() }
    for _ in 0..<2 where templateRounds > 0 {
      for _ in 0..<templateRounds { drifts = fitToReconstruction(coefficients, drifts) }
      drifts = fitSteepness(coefficients, drifts)
    }
    let origin = drifts[0]
    return drifts.map { drift in
      Drift(
        dy: (drift.dy - origin.dy) * Double(factor), dx: (drift.dx - origin.dx) * Double(factor))
    }
  }

  private func binning(of side: Int) -> Int {
    var factor = 1
    while side / factor > largestSide { factor *= 2 }
    return factor
  }

  /// The drift of each frame from link to link; nil where no two neighbours can be compared.
  private func chain(_ frames: [Image]) -> [Drift]? {
    let correlation = PhaseCorrelation(height: frames[0].height, width: frames[0].width)
    let spectra = mapInParallel(frames.count) { correlation.spectrum(frames[$0]) }
    // Of blank frames the largest of all correlations is about 4 / sqrt(independent pixels).
    let independent = Double(frames[0].pixels.count) / max(1, 4 * Double.pi * blur * blur)
    let threshold = max(minimumCorrelation, 6 / independent.squareRoot())
    let links = mapInParallel(frames.count - 1) { index -> Drift? in
      let (coarse, agreement) = correlation.drift(of: spectra[index + 1], against: spectra[index])
      guard agreement >= threshold else { return nil }
      let fit = TemplateFit(template: frames[index], margin: 4)
      return fit?.refine(coarse, of: frames[index + 1].splineCoefficients()) ?? coarse
    }
    guard links.contains(where: { $0 != nil }) else { return nil }
    var drifts = [Drift(dy: 0, dx: 0)]
    for link in links {
      let previous = drifts[drifts.count - 1]
      drifts.append(
        Drift(dy: previous.dy + (link?.dy ?? 0), dx: previous.dx + (link?.dx ?? 0)))
    }
    return drifts
  }

  /// Fits each frame to its reconstruction from the aligned stack's first two components.
  private func fitToReconstruction(_ coefficients: [Image], _ drifts: [Drift]) -> [Drift] {
    let aligned = mapInParallel(coefficients.count) { coefficients[$0].sampled(at: drifts[$0]) }
    let margin = 2 + Int(drifts.map { max(abs($0.dy), abs($0.dx)) }.max() ?? 0)
    let components = StackComponents(of: aligned, rank: 2, margin: margin)
    return mapInParallel(coefficients.count) { index in
      let template = components.reconstruction(of: index)
      return TemplateFit(template: template, margin: margin)?
        .refine(drifts[index], of: coefficients[index]) ?? drifts[index]
    }
  }
}

extension Registration {
  /// Fits the gradient's magnitude of each denoised frame to that of all frames in common. An
  /// interface stays where it is when its contrast changes or reverses.
  private func fitSteepness(_ coefficients: [Image], _ drifts: [Drift]) -> [Drift] {
    let aligned = mapInParallel(coefficients.count) { coefficients[$0].sampled(at: drifts[$0]) }
    let margin = 2 + Int(drifts.map { max(abs($0.dy), abs($0.dx)) }.max() ?? 0)
    let components = StackComponents(of: aligned, rank: 4, margin: margin)
    let steepness = mapInParallel(coefficients.count) { index in
      components.reconstruction(of: index).gradientMagnitude().blurred(sigma: blur)
    }
    let common = StackComponents(of: steepness, rank: 1, margin: margin)
    return mapInParallel(coefficients.count) { index in
      guard let fit = TemplateFit(template: common.reconstruction(of: index), margin: margin + 1),
        let rest = fit.refine(Drift(dy: 0, dx: 0), of: steepness[index].splineCoefficients())
      else { return drifts[index] }
      return Drift(dy: drifts[index].dy + rest.dy, dx: drifts[index].dx + rest.dx)
    }
  }
}

extension Image {
  /// The length of the gradient by central differences; 0 at the rim.
  fileprivate func gradientMagnitude() -> Image {
    var result = Image(height: height, width: width)
    for y in 1..<height - 1 {
      for x in 1..<width - 1 {
        let down = (self[y + 1, x] - self[y - 1, x]) / 2
        let across = (self[y, x + 1] - self[y, x - 1]) / 2
        result[y, x] = (down * down + across * across).squareRoot()
      }
    }
    return result
  }

  /// The image averaged over squares of `factor` pixels; what does not fill a square is left out.
  func binned(by factor: Int) -> Image {
    guard factor > 1 else { return self }
    var result = Image(height: height / factor, width: width / factor)
    let scale = 1 / Float(factor * factor)
    for y in 0..<result.height {
      for x in 0..<result.width {
        var sum: Float = 0
        for row in y * factor..<(y + 1) * factor {
          for column in x * factor..<(x + 1) * factor { sum += pixels[row * width + column] }
        }
        result[y, x] = sum * scale
      }
    }
    return result
  }
}

/// A least-squares fit of an image to a template by displacement, gain and offset.
///
/// Gauss-Newton with the template's gradient. The fit to pixels `margin` away from the border uses
/// the pixels themselves, no window, and so has no pull towards zero.
struct TemplateFit {
  private let template: Image
  private let margin: Int
  private let gradientY: Image
  private let gradientX: Image

  /// Nil where the margin leaves too little to fit.
  init?(template: Image, margin: Int) {
    guard min(template.height, template.width) >= 2 * margin + 12 else { return nil }
    self.template = template
    self.margin = margin
    var (down, across) = (template, template)
    for y in 1..<template.height - 1 {
      for x in 1..<template.width - 1 {
        down[y, x] = (template[y + 1, x] - template[y - 1, x]) / 2
        across[y, x] = (template[y, x + 1] - template[y, x - 1]) / 2
      }
    }
    gradientY = down
    gradientX = across
  }

  /// The drift near `start` at which the spline with these coefficients fits best; nil where the
  /// fit is singular or runs away.
  func refine(_ start: Drift, of coefficients: Image) -> Drift? {
    var drift = start
    for _ in 0..<8 {
      let reach = margin + Int(max(abs(drift.dy), abs(drift.dx)).rounded(.up))
      guard min(template.height, template.width) >= 2 * reach + 12,
        let step = step(at: drift, coefficients, reach)
      else { return nil }
      drift.dy += step.dy
      drift.dx += step.dx
      guard abs(drift.dy - start.dy) < 3, abs(drift.dx - start.dx) < 3 else { return nil }
      if abs(step.dy) < 1e-3 && abs(step.dx) < 1e-3 { break }
    }
    return drift
  }

  /// One Gauss-Newton step. With moved image m, template t, gain g and offset o the residual
  /// t - (g m + o) is explained by -g times the gradient times the step, m and 1.
  private func step(at drift: Drift, _ coefficients: Image, _ reach: Int) -> Drift? {
    let moved = coefficients.sampled(at: drift)
    var normal = [Double](repeating: 0, count: 16)
    var right = [Double](repeating: 0, count: 4)
    var squares = 0.0
    for y in reach..<template.height - reach {
      // A row's sums in Float, added up in Double: both in an order fixed by the shape.
      var row = [15 of Float](repeating: 0)
      for x in reach..<template.width - reach {
        let index = y * template.width + x
        let (gy, gx) = (gradientY.pixels[index], gradientX.pixels[index])
        let (m, t) = (moved.pixels[index], template.pixels[index])
        row[0] += gy * gy
        row[1] += gy * gx
        row[2] += gy * m
        row[3] += gy
        row[4] += gx * gx
        row[5] += gx * m
        row[6] += gx
        row[7] += m * m
        row[8] += m
        row[9] += 1
        row[10] += gy * t
        row[11] += gx * t
        row[12] += m * t
        row[13] += t
        row[14] += t * t
      }
      var place = 0
      for i in 0..<4 {
        for j in i..<4 {
          normal[i * 4 + j] += Double(row[place])
          place += 1
        }
        right[i] += Double(row[10 + i])
      }
      squares += Double(row[14])
    }
    for i in 0..<4 { for j in 0..<i { normal[i * 4 + j] = normal[j * 4 + i] } }
    holdUndetermined(&normal, &right, squares)
    guard let solution = solveSymmetric(normal, right) else { return nil }
    // t = a gy + b gx + g m + o, and t(y, x) = g m(y + dy, x + dx): moving on by the step turns
    // g m into g m + gradient . step, so that a and b are the step themselves.
    return Drift(dy: solution[0], dx: solution[1])
  }
}

extension TemplateFit {
  /// Fixes the step at 0 along a direction in which the template has no more gradient than its
  /// noise has: stripes, or a blank frame.
  private func holdUndetermined(
    _ normal: inout [Double], _ right: inout [Double], _ squares: Double
  ) {
    let pixels = normal[15]
    guard let solution = solveSymmetric(normal, right) else { return }
    let residual = max(squares - dot(solution, right), 0) / pixels
    // Noise blurred by 1 px has a third of its variance, (1 - 1/e) / 2, in each direction's
    // differences, and the residual holds the noise of two images; about 12 blurred pixels are one
    // independent value.
    let noise = residual / 6
    let chance = max(0.1, 5 * (2 * 12 / pixels).squareRoot())
    for direction in 0..<2 where normal[direction * 5] / pixels < noise * (1 + chance) {
      for other in 0..<4 {
        normal[direction * 4 + other] = 0
        normal[other * 4 + direction] = 0
      }
      normal[direction * 5] = 1
      right[direction] = 0
    }
  }
}

/// The scalar product of two vectors of one length.
func dot(_ a: [Double], _ b: [Double]) -> Double {
  var sum = 0.0
  for index in a.indices { sum += a[index] * b[index] }
  return sum
}

/// The solution of a small symmetric positive definite system by Cholesky's method; nil where
/// it is singular.
func solveSymmetric(_ matrix: [Double], _ right: [Double]) -> [Double]? {
  let n = right.count
  var l = [Double](repeating: 0, count: n * n)
  for i in 0..<n {
    for j in 0...i {
      var sum = matrix[i * n + j]
      for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
      if i == j {
        guard sum > 1e-12 * abs(matrix[i * n + i]) else { return nil }
        l[i * n + i] = sum.squareRoot()
      } else {
        l[i * n + j] = sum / l[j * n + j]
      }
    }
  }
  var solution = right
  for i in 0..<n {
    for k in 0..<i { solution[i] -= l[i * n + k] * solution[k] }
    solution[i] /= l[i * n + i]
  }
  for i in stride(from: n - 1, through: 0, by: -1) {
    for k in i + 1..<n { solution[i] -= l[k * n + i] * solution[k] }
    solution[i] /= l[i * n + i]
  }
  return solution
}

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
    // Every third pixel either way is plenty for two components of a blurred stack.
    var rows = [[Float]](repeating: [], count: count)
    for y in stride(from: inset, to: height - inset, by: 3) {
      for x in stride(from: inset, to: width - inset, by: 3) {
        for frame in 0..<count { rows[frame].append(stack[frame][y, x]) }
      }
    }
    let samples = rows
    return mapInParallel(count) { i in
      (0..<count).map { j in
        var sum = 0.0
        for place in samples[i].indices { sum += Double(samples[i][place] * samples[j][place]) }
        return sum
      }
    }
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
