package dev.bellows.engine.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * Tells identities apart by the vectors that a network gives them, also identities that it was not
 * trained on: faces, for example (Y. Taigman et al., "DeepFace", CVPR 2014; F. Schroff et al.,
 * "FaceNet", CVPR 2015). Each identity is enrolled with some vectors; an unknown vector is that of
 * the identity whose mean direction is nearest, unless even that one is too far.
 *
 * <pre>
 * Gallery gallery = new Gallery(64, threshold);
 * gallery.enrol("ada", vector);
 * gallery.identify(other);   // Match[identity=ada, distance=0.03], or identity ""
 * </pre>
 *
 * <p>Not thread-safe while identities are enrolled.
 */
public final class Gallery {
  private record Entry(String identity, double[] direction) {}

  /**
   * The nearest identity.
   *
   * @param identity "" when none is within the threshold
   * @param distance of the nearest, in [0, 2]; NaN for an empty gallery
   */
  public record Match(String identity, double distance) {}

  private final int width;
  private final double threshold;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * An empty gallery.
   *
   * @param width values of a vector
   * @param threshold largest cosine distance of one identity, in [0, 2]
   */
  public Gallery(int width, double threshold) {
    if (width < 1 || !(threshold >= 0 && threshold <= 2)) {
      throw new NetworkException(
          "a gallery needs a width of 1 or more and a threshold in [0, 2], got "
              + width
              + " and "
              + threshold);
    }
    this.width = width;
    this.threshold = threshold;
  }

  /** Adds vectors of an identity, one or more after another; those added before count too. */
  public void enrol(String identity, float... vectors) {
    if (identity.isEmpty() || vectors.length == 0 || vectors.length % width != 0) {
      throw new NetworkException(
          "enrol needs a name and vectors of "
              + width
              + " values, got '"
              + identity
              + "' and "
              + vectors.length
              + " values");
    }
    Entry entry = entry(identity);
    for (int from = 0; from < vectors.length; from += width) {
      double norm = Math.sqrt(product(vectors, from, vectors, from, width));
      for (int i = 0; i < width && norm > 0; i++) {
        entry.direction()[i] += vectors[from + i] / norm;
      }
    }
  }

  private Entry entry(String identity) {
    for (Entry entry : entries) {
      if (entry.identity().equals(identity)) {
        return entry;
      }
    }
    entries.add(new Entry(identity, new double[width]));
    return entries.get(entries.size() - 1);
  }

  /** Whose vector this is. */
  public Match identify(float... vector) {
    if (vector.length != width) {
      throw new NetworkException(
          "a vector of this gallery has " + width + " values, got " + vector.length);
    }
    String nearest = "";
    double least = Double.NaN;
    for (Entry entry : entries) {
      float[] direction = new float[width];
      for (int i = 0; i < width; i++) {
        direction[i] = (float) entry.direction()[i];
      }
      double distance = distance(vector, 0, direction, 0, width);
      if (!(distance >= least)) {
        least = distance;
        nearest = entry.identity();
      }
    }
    return new Match(least <= threshold ? nearest : "", least);
  }

  /**
   * 1 - cosine of two vectors that lie in longer arrays: 0 for one direction, 1 for right angles
   * and where a vector is zero, 2 for opposite ones.
   *
   * @param i first element of a's vector
   * @param j first element of b's vector
   */
  public static double distance(float[] a, int i, float[] b, int j, int width) {
    double squares = product(a, i, a, i, width) * product(b, j, b, j, width);
    double cosine = squares == 0 ? 0 : product(a, i, b, j, width) / Math.sqrt(squares);
    return 1 - Math.max(-1, Math.min(1, cosine));
  }

  private static double product(float[] a, int i, float[] b, int j, int width) {
    double sum = 0;
    for (int k = 0; k < width; k++) {
      sum += (double) a[i + k] * b[j + k];
    }
    return sum;
  }
}
