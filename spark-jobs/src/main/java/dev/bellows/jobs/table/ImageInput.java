package dev.bellows.jobs.table;

import java.io.Serializable;
import java.util.List;

/**
 * Images of unsigned bytes b; the network sees {@code (b - center) * factor}.
 *
 * @param shape [height, width, channels]
 */
public record ImageInput(List<Integer> shape, double center, double factor)
    implements Serializable {
  /** Bytes of an image. */
  public int width() {
    return shape.stream().reduce(1, (a, b) -> a * b);
  }
}
