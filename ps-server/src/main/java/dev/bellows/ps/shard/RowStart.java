package dev.bellows.ps.shard;

import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.sample.Purpose;
import java.util.Arrays;

/**
 * What a row holds before its first update: a pure function of seed and key, so it is the same
 * wherever and whenever it is made, and a row that was never updated needs no memory.
 *
 * @param kind distribution
 * @param scale bound of UNIFORM, standard deviation of NORMAL
 * @param seed of the table
 */
public record RowStart(Kind kind, float scale, long seed) {
  /** Distributions. */
  public enum Kind {
    /** All 0. */
    ZERO(0),
    /** Uniform in [-scale, scale). */
    UNIFORM(1),
    /** Normal with mean 0. */
    NORMAL(2);

    private final int wire;

    Kind(int wire) {
      this.wire = wire;
    }

    /** Number on the wire. */
    public int wire() {
      return wire;
    }

    /**
     * The kind of a number.
     *
     * @throws IllegalArgumentException for a number that no kind has
     */
    public static Kind ofWire(int wire) {
      for (Kind kind : values()) {
        if (kind.wire == wire) {
          return kind;
        }
      }
      throw new IllegalArgumentException("start of rows must be in 0..2, found " + wire);
    }
  }

  /** Checks the scale. */
  public RowStart {
    if (!(scale >= 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException("scale must be finite and >= 0, found " + scale);
    }
  }

  /** Writes the row of a key, {@code width} elements, into {@code row} from {@code at} on. */
  public void fill(long key, float[] row, int at, int width) {
    if (kind == Kind.ZERO) {
      Arrays.fill(row, at, at + width, 0f);
      return;
    }
    long stream = Mix64.mix(seed, Purpose.INIT, key);
    if (kind == Kind.NORMAL) {
      Philox.fillNormal(stream, 0, row, at, width);
    } else {
      Philox.fillUniform(stream, 0, row, at, width);
    }
    for (int i = at; i < at + width; i++) {
      row[i] = kind == Kind.NORMAL ? row[i] * scale : (2 * row[i] - 1) * scale;
    }
  }
}
