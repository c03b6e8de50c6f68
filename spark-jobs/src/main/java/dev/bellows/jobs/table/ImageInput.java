package dev.bellows.jobs.table;

import dev.bellows.engine.audio.LogMel;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Images of unsigned bytes b; the network sees {@code (b - centers[c]) * factors[c]} for channel c.
 *
 * @param shape [height, width, channels]
 * @param centers [channels]
 * @param factors [channels]
 * @param sound how sounds become this image; null for pictures
 */
public record ImageInput(
    List<Integer> shape, List<Double> centers, List<Double> factors, @Nullable LogMel sound)
    implements Serializable {
  /** An image that is no sound. */
  public ImageInput(List<Integer> shape, List<Double> centers, List<Double> factors) {
    this(shape, centers, factors, null);
  }

  /** The same image made of sound. */
  ImageInput of(@Nullable LogMel made) {
    return new ImageInput(shape, centers, factors, made);
  }

  /** The same scaling of all channels. */
  public ImageInput(List<Integer> shape, double center, double factor) {
    this(shape, same(shape, center), same(shape, factor));
  }

  private static List<Double> same(List<Integer> shape, double value) {
    return List.copyOf(Collections.nCopies(shape.get(shape.size() - 1), value));
  }

  /** Bytes of an image. */
  public int width() {
    return shape.stream().reduce(1, (a, b) -> a * b);
  }

  /** Values of a pixel. */
  public int channels() {
    return shape.get(shape.size() - 1);
  }

  /** Whether all channels are scaled alike. */
  public boolean uniform() {
    return Collections.frequency(centers, centers.get(0)) == centers.size()
        && Collections.frequency(factors, factors.get(0)) == factors.size();
  }
}
